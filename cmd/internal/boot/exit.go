package boot

// Exit codes of the vigil command. Scripts rely on them, so a number keeps its meaning.
const (
	ExitOK          = 0
	ExitFailure     = 1   // anything else
	ExitUsage       = 2   // a flag, an argument, a folder or a configuration is wrong
	ExitDependency  = 3   // a broker or a store is down, or the log wants what is not there
	ExitProblems    = 4   // a check found problems
	ExitInterrupted = 130 // Ctrl-C, as shells number it
	ExitPipe        = 141 // whoever read the output went away, as shells number it
)

// Exit is an error with the code that the process ends with. Its text is one line that says
// what went wrong, why, and how to mend it. With a nil Err the process ends without a word.
type Exit struct {
	Code int
	Err  error
}

func (e *Exit) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

func (e *Exit) Unwrap() error { return e.Err }

// Usage is for a wrong flag, argument, folder or configuration: the user can mend it.
func Usage(err error) *Exit { return &Exit{ExitUsage, err} }

// Failure is for anything that is neither the user's input nor a dependency.
func Failure(err error) *Exit { return &Exit{ExitFailure, err} }

// Dependency is for a broker or a store that is away or refuses, and for a model or a policy
// that the log asks for and this process does not have.
func Dependency(err error) *Exit { return &Exit{ExitDependency, err} }

// Problems is for a check that found some, and has printed them.
func Problems(err error) *Exit { return &Exit{ExitProblems, err} }

// Interrupted is for Ctrl-C, after an orderly end.
func Interrupted() *Exit { return &Exit{Code: ExitInterrupted} }
