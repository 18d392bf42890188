package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/vigil-icu/vigil/schemas"
)

// moduleRoot is where deploy/ and go.mod are, seen from this package.
const moduleRoot = "../.."

func readRoot(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(moduleRoot, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// goVersion is that of go.mod.
func goVersion(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(readRoot(t, "go.mod"))
	if m == nil {
		t.Fatal("go.mod names no version of Go")
	}
	return m[1]
}

// kafkaVersion is the one that deploy/dev/pom.xml fetches unless told otherwise, and the tests run on.
func kafkaVersion(t *testing.T) string {
	t.Helper()
	var pom struct {
		Version string `xml:"properties>kafka.version"`
	}
	if err := xml.Unmarshal([]byte(readRoot(t, "deploy/dev/pom.xml")), &pom); err != nil {
		t.Fatal(err)
	}
	if pom.Version != "" {
		return pom.Version
	}
	t.Fatal("pom.xml fetches no Kafka")
	return ""
}

// wantCommand holds the arguments of vigil in a file against the program: the command
// is there, takes such words and knows every flag.
func wantCommand(t *testing.T, args []string) {
	t.Helper()
	cmd, rest, err := rootCommand(io.Discard, io.Discard).Find(args)
	if err != nil || !cmd.Runnable() || cmd.HasSubCommands() {
		t.Errorf("vigil %s: no such command (%v)", strings.Join(args, " "), err)
		return
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("vigil %s: %v", strings.Join(args, " "), err)
		return
	}
	if cmd.Args == nil {
		cmd.Args = cobra.ArbitraryArgs
	}
	if err := cmd.Args(cmd, cmd.Flags().Args()); err != nil {
		t.Errorf("vigil %s: %v", strings.Join(args, " "), err)
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.String() == "" {
			t.Errorf("vigil %s: --%s has no value", strings.Join(args, " "), f.Name)
		}
	})
}

// instructions are the lines of a Dockerfile, continuations joined, comments left out.
func instructions(text string) (lines [][2]string) {
	var whole []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			whole = append(whole, strings.TrimRight(line, "\n"))
		}
	}
	for line := range strings.Lines(strings.ReplaceAll(strings.Join(whole, "\n"), "\\\n", " ")) {
		if word, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			lines = append(lines, [2]string{word, strings.TrimSpace(rest)})
		}
	}
	return lines
}

// The Dockerfile builds with go.mod's Go what is in the tree, and runs it as nobody.
func TestDockerfile(t *testing.T) {
	known := []string{"FROM", "WORKDIR", "COPY", "RUN", "LABEL", "USER", "ENTRYPOINT", "CMD"}
	binary := regexp.MustCompile(`^CGO_ENABLED=0 go build .*-o (\S+) (\./\S+)$`)
	var built, image, user, entry, label string
	var stages int
	for _, line := range instructions(readRoot(t, "deploy/Dockerfile")) {
		word, rest := line[0], line[1]
		switch {
		case !slices.Contains(known, word):
			t.Errorf("the instruction %s is none of %v", word, known)
		case word == "FROM":
			stages++
			image, user = rest, ""
			if stages == 1 && image != "golang:"+goVersion(t)+" AS build" {
				t.Errorf("the first stage is %q, go.mod wants golang:%s", image, goVersion(t))
			}
		case word == "COPY" && !strings.HasPrefix(rest, "--from="):
			words := strings.Fields(rest)
			for _, source := range words[:len(words)-1] {
				if _, err := os.Stat(filepath.Join(moduleRoot, source)); err != nil {
					t.Errorf("COPY of what is not there: %v", err)
				}
			}
		case word == "COPY":
			if want := "--from=build " + built + " " + built; rest != want {
				t.Errorf("COPY %s, want %s", rest, want)
			}
		case word == "RUN" && strings.Contains(rest, "go build"):
			m := binary.FindStringSubmatch(rest)
			if m == nil {
				t.Fatalf("RUN %s: want %s", rest, binary)
			}
			built = m[1]
			if _, err := os.Stat(filepath.Join(moduleRoot, m[2], "main.go")); err != nil {
				t.Error(err)
			}
		case word == "LABEL":
			label = rest
		case word == "USER":
			user = rest
		case word == "ENTRYPOINT":
			entry = rest
		case word == "CMD":
			var args []string
			if err := yaml.Unmarshal([]byte(rest), &args); err != nil || !slices.Equal(args, []string{"help"}) {
				t.Errorf("CMD %s: want [\"help\"], which shows what it is (%v)", rest, err)
			}
		}
	}
	if stages != 2 || built == "" || entry != `["`+built+`"]` {
		t.Errorf("%d stages, the program is %q, the entry %s", stages, built, entry)
	}
	if strings.HasPrefix(image, "golang") || !regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*$`).MatchString(user) {
		t.Errorf("the last stage is %s and its user %q: want an image without tools and a number other than root's", image, user)
	}
	if !strings.Contains(label, schemas.Notice) {
		t.Errorf("no label says what Vigil is not: %s", label)
	}
}

// composeFile is what Vigil's uses of the format.
type composeFile struct {
	Name     string                    `yaml:"name"`
	Services map[string]composeService `yaml:"services"`
	Volumes  map[string]struct{}       `yaml:"volumes"`
}

type composeService struct {
	Image string `yaml:"image"`
	Build struct {
		Context    string `yaml:"context"`
		Dockerfile string `yaml:"dockerfile"`
	} `yaml:"build"`
	Command     []string          `yaml:"command"`
	Restart     string            `yaml:"restart"`
	Ports       []string          `yaml:"ports"`
	Environment map[string]string `yaml:"environment"`
	Volumes     []string          `yaml:"volumes"`
	DependsOn   map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Healthcheck struct {
		Test        []string `yaml:"test"`
		Interval    string   `yaml:"interval"`
		Timeout     string   `yaml:"timeout"`
		Retries     int      `yaml:"retries"`
		StartPeriod string   `yaml:"start_period"`
	} `yaml:"healthcheck"`
	StopGracePeriod string   `yaml:"stop_grace_period"`
	ReadOnly        bool     `yaml:"read_only"`
	CapDrop         []string `yaml:"cap_drop"`
	SecurityOpt     []string `yaml:"security_opt"`
	MemLimit        string   `yaml:"mem_limit"`
}

func readCompose(t *testing.T) composeFile {
	t.Helper()
	var f composeFile
	d := yaml.NewDecoder(strings.NewReader(readRoot(t, "deploy/compose.yaml")))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

// kafkaProperties are the settings that the image makes of its environment.
func kafkaProperties(s composeService) map[string]string {
	properties := map[string]string{}
	for name, value := range s.Environment {
		if name, ok := strings.CutPrefix(name, "KAFKA_"); ok {
			properties[strings.ReplaceAll(strings.ToLower(name), "_", ".")] = value
		}
	}
	return properties
}

// The compose file starts the program with flags that it has, in an order that works,
// on the versions that the tests run on. (TestRealCompose runs what it says.)
func TestCompose(t *testing.T) {
	f := readCompose(t)
	kafka, redis, serve := f.Services["kafka"], f.Services["redis"], f.Services["serve"]
	if want := "apache/kafka:" + kafkaVersion(t); kafka.Image != want {
		t.Errorf("Kafka is %s, the tests run on %s", kafka.Image, want)
	}
	for _, want := range []string{"--appendonly yes", "--appendfsync everysec", "--maxmemory-policy noeviction"} {
		if !strings.Contains(strings.Join(redis.Command, " "), want) {
			t.Errorf("Redis runs without %s: %v", want, redis.Command)
		}
	}
	for name, s := range f.Services {
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: port %s is open to the house, without a password", name, port)
			}
		}
		for other, d := range s.DependsOn {
			switch {
			case f.Services[other].Image == "":
				t.Errorf("%s waits for %s, which is not there", name, other)
			case d.Condition == "service_healthy" && f.Services[other].Healthcheck.Test == nil:
				t.Errorf("%s waits for the health of %s, which nothing tells", name, other)
			case d.Condition == "service_completed_successfully" && f.Services[other].Restart != "":
				t.Errorf("%s waits for the end of %s, which begins again", name, other)
			}
		}
		for _, v := range s.Volumes {
			volume, _, _ := strings.Cut(v, ":")
			if _, ok := f.Volumes[volume]; !ok {
				t.Errorf("%s: there is no volume %s", name, volume)
			}
		}
		if s.Build.Context != "" {
			if _, err := os.Stat(filepath.Join(moduleRoot, "deploy", s.Build.Context, s.Build.Dockerfile)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if s.Image == "vigil" {
			wantCommand(t, s.Command)
			wantReached(t, f, name, s.Command)
		}
	}
	if serve.StopGracePeriod != "30s" || !serve.ReadOnly || !slices.Equal(serve.CapDrop, []string{"ALL"}) {
		t.Errorf("serve: stop_grace_period %s (5 s to end, and some), read_only %v, cap_drop %v", serve.StopGracePeriod, serve.ReadOnly, serve.CapDrop)
	}
	if serve.DependsOn["topics"].Condition != "service_completed_successfully" || serve.DependsOn["redis"].Condition != "service_healthy" || f.Services["topics"].DependsOn["kafka"].Condition != "service_healthy" {
		t.Error("serve begins before its topics or its store are there")
	}
	if !strings.Contains(strings.ToLower(readRoot(t, "deploy/compose.yaml")), schemas.Notice) {
		t.Error("it does not say what Vigil is not")
	}
}

// wantReached holds the addresses in a command against those at which the services
// listen.
func wantReached(t *testing.T, f composeFile, name string, command []string) {
	t.Helper()
	p := kafkaProperties(f.Services["kafka"])
	inside := strings.TrimPrefix(p["inter.broker.listener.name"], " ") + "://"
	for _, arg := range command {
		host, port, ok := strings.Cut(arg, ":")
		switch {
		case strings.HasPrefix(arg, "redis://"):
			if arg != "redis://redis:6379/0" {
				t.Errorf("%s: %s is not the redis service at its own port", name, arg)
			}
		case ok && (!strings.Contains(p["advertised.listeners"], inside+arg) || !strings.Contains(p["listeners"], inside+":"+port) || f.Services[host].Image == ""):
			t.Errorf("%s: %s is not among %s", name, arg, p["advertised.listeners"])
		}
	}
	machine := regexp.MustCompile(`MACHINE://:(\d+)`).FindStringSubmatch(p["listeners"])
	if machine == nil || !slices.Contains(f.Services["kafka"].Ports, "127.0.0.1:9092:"+machine[1]) || !strings.Contains(p["advertised.listeners"], "MACHINE://localhost:9092") {
		t.Errorf("this machine does not reach Kafka at localhost:9092: ports %v, %s", f.Services["kafka"].Ports, p["advertised.listeners"])
	}
}

// Commands of vigil that stand in the README and in deploy/ are commands that it has.
func TestCommandsInTexts(t *testing.T) {
	seen := 0
	for _, name := range []string{"README.md", "deploy/compose.yaml", "deploy/topics.yaml"} {
		for line := range strings.Lines(readRoot(t, name)) {
			line = strings.NewReplacer("`", " ", " | ", " \n", " > ", " \n").Replace(strings.TrimPrefix(line, "# "))
			for _, prefix := range []string{"vigil ", "go run ./cmd/vigil ", "docker compose -f deploy/compose.yaml run --rm serve "} {
				words, ok := strings.CutPrefix(strings.TrimLeft(line, "# "), prefix)
				if !ok {
					continue
				}
				words, _, _ = strings.Cut(words, "\n")
				words, _, _ = strings.Cut(words, "  ") // a comment
				seen++
				wantCommand(t, strings.Fields(words))
			}
		}
	}
	if seen < 8 {
		t.Errorf("saw %d commands: the search is wrong", seen)
	}
}
