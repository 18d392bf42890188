package bedside

// key is what a person asks of a view.
type key uint8

const (
	keyUp key = iota + 1
	keyDown
	keyTop
	keyAcknowledge
	keyQuit
	keyInterrupt // Ctrl-C, which a terminal that tells single keys does not make a signal of
	keyAbort     // Ctrl-\
)

// keyHelp is what a view says of its keys.
const keyHelp = "↑ ↓ choose a bed   a acknowledge its gravest alert   q quit"

// keysOf reads what a terminal sent. An arrow is an escape sequence and comes in one piece; what is
// none of the keys is passed over.
func keysOf(sent []byte) (keys []key) {
	for len(sent) > 0 {
		n, k := 1, key(0)
		switch {
		case len(sent) >= 3 && sent[0] == 0x1b && (sent[1] == '[' || sent[1] == 'O'):
			for n = 2; n < len(sent) && (sent[n] < 0x40 || sent[n] > 0x7e); n++ {
			}
			if n < len(sent) {
				n++
			}
			switch sent[n-1] {
			case 'A':
				k = keyUp
			case 'B':
				k = keyDown
			case 'H':
				k = keyTop
			}
		default:
			k = map[byte]key{'k': keyUp, 'j': keyDown, 0x1b: keyTop, 'g': keyTop, 'a': keyAcknowledge, 'q': keyQuit, 0x03: keyInterrupt, 0x1c: keyAbort}[sent[0]]
		}
		if k != 0 {
			keys = append(keys, k)
		}
		sent = sent[n:]
	}
	return keys
}
