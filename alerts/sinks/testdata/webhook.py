"""Reads requests of the webhook sink, one JSON object a line: headers, body, secret. Prints what the libraries of
CloudEvents and of Standard Webhooks find in each."""
import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks.webhooks import Webhook

for line in sys.stdin:
    request = json.loads(line)
    body = request["body"].encode()
    headers = {name.lower(): value for name, value in request["headers"].items()}
    Webhook(request["secret"]).verify(body, headers)
    event = from_http_event(HTTPMessage(headers, body))
    print(json.dumps({
        "id": event.get_id(), "source": event.get_source(), "type": event.get_type(), "subject": event.get_subject(),
        "time": event.get_time().isoformat(), "notice": event.get_extension("notice"), "data": event.get_data(),
    }))
