import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.llp.ExtendedMinLowerLayerProtocol;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.v28.message.ORA_R41;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.util.Terser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Resource;

/**
 * Receivers for the tests of the sinks, made of HAPI: a server of HL7 v2 that parses and answers, and an HTTP server
 * that takes FHIR transactions which HAPI FHIR's validator finds good, and keeps the rules of conditional requests.
 * It prints a line for whatever comes, and ends with its input.
 */
public class Receiver {
  static final Map<String, Resource> stored = new LinkedHashMap<>(); // by type and query
  static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
  static FhirContext fhir;
  static FhirValidator validator;

  public static void main(String[] args) throws Exception {
    HapiContext context = new DefaultHapiContext();
    context.setLowerLayerProtocol(new ExtendedMinLowerLayerProtocol()); // it goes by MSH-18
    int port = freePort();
    HL7Service hl7 = context.newServer(port, false);
    hl7.registerApplication("*", "*", new Application());
    hl7.startAndWait();

    fhir = FhirContext.forR4();
    UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(fhir);
    FhirInstanceValidator module = new FhirInstanceValidator(new ValidationSupportChain(
        new DefaultProfileValidationSupport(fhir), new InMemoryTerminologyServerValidationSupport(fhir), new CommonCodeSystemsTerminologyService(fhir), unknown));
    validator = fhir.newValidator().registerValidatorModule(module);
    HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    http.createContext("/", Receiver::serve);
    http.start();
    say("ready", String.valueOf(port), String.valueOf(http.getAddress().getPort()));
    while (System.in.read() >= 0) {}
    System.exit(0);
  }

  static int freePort() throws IOException {
    try (ServerSocket s = new ServerSocket(0)) {
      return s.getLocalPort();
    }
  }

  static synchronized void say(String... words) {
    OUT.println(String.join("\t", words));
  }

  static class Application implements ReceivingApplication<Message> {
    @Override
    public boolean canProcess(Message m) {
      return true;
    }

    @Override
    public Message processMessage(Message m, Map<String, Object> meta) throws ca.uhn.hl7v2.protocol.ReceivingApplicationException {
      try {
        Terser t = new Terser(m);
        String trigger = t.get("/MSH-9-2");
        String id = t.get("/MSH-10");
        say("hl7", m.getClass().getName(), trigger, id, m.encode().replace("\r", "<cr>"));
        if (!"R40".equals(trigger)) {
          return m.generateACK();
        }
        ORA_R41 answer = new ORA_R41();
        answer.initQuickstart("ORA", "R41", "P");
        answer.getMSA().getAcknowledgmentCode().setValue("AA");
        answer.getMSA().getMessageControlID().setValue(id);
        return answer;
      } catch (Exception e) {
        throw new ca.uhn.hl7v2.protocol.ReceivingApplicationException(e);
      }
    }
  }

  static synchronized void serve(HttpExchange x) throws IOException {
    try {
      String body = new String(x.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Bundle answer;
      int status = 200;
      if (x.getRequestMethod().equals("GET")) {
        answer = new Bundle().setType(Bundle.BundleType.SEARCHSET);
        String path = x.getRequestURI().getRawPath().substring(1) + "?" + x.getRequestURI().getRawQuery();
        Resource found = stored.get(decoded(path));
        if (found != null) {
          answer.addEntry().setResource(found);
        }
      } else {
        ca.uhn.fhir.validation.ValidationResult verdict = validator.validateWithResult(body);
        StringBuilder faults = new StringBuilder();
        verdict.getMessages().forEach(m -> {
          if (m.getSeverity().compareTo(ResultSeverityEnum.WARNING) >= 0) {
            faults.append(m.getSeverity()).append(" ").append(m.getLocationString()).append(": ").append(m.getMessage()).append("; ");
          }
        });
        say("fhir", verdict.isSuccessful() ? "good" : "bad", faults.toString().replace("\n", " "), body);
        Bundle bundle = fhir.newJsonParser().parseResource(Bundle.class, body);
        answer = new Bundle().setType(Bundle.BundleType.TRANSACTIONRESPONSE);
        if (!verdict.isSuccessful()) {
          status = 422;
        } else {
          apply(bundle, answer);
        }
      }
      byte[] out = fhir.newJsonParser().encodeResourceToString(answer).getBytes(StandardCharsets.UTF_8);
      x.getResponseHeaders().set("Content-Type", "application/fhir+json");
      x.sendResponseHeaders(status, out.length);
      x.getResponseBody().write(out);
    } catch (Throwable e) { // a class that is missing too
      say("failed", e.toString().replace("\n", " "));
      e.printStackTrace();
      x.sendResponseHeaders(500, -1);
    } finally {
      x.close();
    }
  }

  static String decoded(String query) {
    return URLDecoder.decode(query, StandardCharsets.UTF_8);
  }

  static void apply(Bundle bundle, Bundle answer) {
    for (Bundle.BundleEntryComponent e : bundle.getEntry()) {
      Bundle.BundleEntryRequestComponent r = e.getRequest();
      String key = r.getMethod() == Bundle.HTTPVerb.POST ? r.getUrl() + "?" + r.getIfNoneExist() : r.getUrl();
      key = decoded(key);
      boolean there = stored.containsKey(key);
      if (!there || r.getMethod() == Bundle.HTTPVerb.PUT) {
        stored.put(key, e.getResource());
      }
      answer.addEntry().getResponse().setStatus(there ? "200 OK" : "201 Created");
      say("stored", there ? "again" : "new", key, String.valueOf(stored.size()));
    }
  }
}
