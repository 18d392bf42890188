package boot

// Exit codes of the vigil command.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitDependency  = 3
	ExitProblems    = 4
	ExitInterrupted = 130
)

// Exit is an error with the code that the process ends with. Its text is one
// line: what, why, how to mend it. A nil Err prints nothing.
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

// Usage is a wrong flag, argument, folder or configuration.
func Usage(err error) *Exit { return &Exit{ExitUsage, err} }

// Failure is anything that is not the user's input or a dependency.
func Failure(err error) *Exit { return &Exit{ExitFailure, err} }

// Dependency is a broker, a store or a file in force that is not there.
func Dependency(err error) *Exit { return &Exit{ExitDependency, err} }

// Problems is a check that found some; they have been printed.
func Problems(err error) *Exit { return &Exit{ExitProblems, err} }

// Interrupted is Ctrl-C after an orderly end.
func Interrupted() *Exit { return &Exit{Code: ExitInterrupted} }
