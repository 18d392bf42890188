package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

// configCommand holds the commands about the settings of `vigil serve`.
func configCommand() *cobra.Command {
	return group("config", "Begin, check and show the settings of vigil serve", configInit(), configCheck(), configShow(), configSchema())
}

// The file of --config is named in the environment by this variable, and every other flag by the same rule.
const (
	variablePrefix = "VIGIL_"
	configName     = "config"
)

// variableOf is the environment variable of a flag.
func variableOf(name string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// configFlag names the file of settings.
func configFlag(cmd *cobra.Command) {
	cmd.Flags().String(configName, "", "file of settings, see vigil config init; flags and the environment go before it")
}

// settings are the flags that may stand in a file, in the order of their names.
func settings(cmd *cobra.Command) (out []*pflag.Flag) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != configName && f.Name != "help" && f.Annotations[notASetting] == nil {
			out = append(out, f)
		}
	})
	return out
}

// notASetting marks flags of a command that are no settings of `vigil serve`.
const notASetting = "not a setting"

// configure fills in the flags that were not given: from the environment, or else from the file of --config. It
// says of each where its value comes from. A name that the file has and Vigil does not is refused, since a slip
// in it would otherwise leave a default in force unseen.
func configure(cmd *cobra.Command) (origin map[string]string, err error) {
	flags := settings(cmd)
	known := make([]string, len(flags))
	for i, f := range flags {
		known[i] = f.Name
	}
	file := cmd.Flags().Lookup(configName).Value.String()
	if file == "" {
		file = os.Getenv(variableOf(configName))
	}
	fromFile, fromEnvironment := koanf.New("."), koanf.New(".")
	if file != "" {
		text, err := os.ReadFile(file)
		if err == nil {
			err = fromFile.Load(rawbytes.Provider(text), koanfyaml.Parser())
		}
		if err != nil {
			return nil, boot.Usage(fmt.Errorf("--config %s: %w", file, err))
		}
	}
	for _, key := range slices.Sorted(slices.Values(fromFile.Keys())) {
		if slices.Contains(known, key) {
			continue
		}
		if strings.Contains(key, "password") || strings.Contains(key, "secret") {
			return nil, boot.Usage(fmt.Errorf("--config %s: there is no setting %q: a secret stands in a file of its own (password-file, redis-password-file) or in the environment (%s, %s)", file, key, boot.PasswordVariable, boot.RedisPasswordVariable))
		}
		near := "; `vigil config init -` lists all"
		if name := schemas.Nearest(key, known); name != "" {
			near = fmt.Sprintf("; did you mean %s?", name)
		}
		return nil, boot.Usage(fmt.Errorf("--config %s: there is no setting %q%s", file, key, near))
	}
	provider := env.Provider(".", env.Opt{Prefix: variablePrefix, TransformFunc: func(variable, value string) (string, any) {
		name := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(variable, variablePrefix)), "_", "-")
		if !slices.Contains(known, name) {
			return "", nil // a variable of something else
		}
		return name, value
	}})
	if err := fromEnvironment.Load(provider, nil); err != nil {
		return nil, boot.Failure(err)
	}
	origin = make(map[string]string, len(flags))
	for _, f := range flags {
		var from *koanf.Koanf
		var name string
		switch {
		case f.Changed:
			origin[f.Name] = "flag"
			continue
		case fromEnvironment.Exists(f.Name):
			from, name, origin[f.Name] = fromEnvironment, variableOf(f.Name), "environment, "+variableOf(f.Name)
		case fromFile.Exists(f.Name):
			from, name, origin[f.Name] = fromFile, "--config "+file+": "+f.Name, "file, "+file
		default:
			origin[f.Name] = "default"
			continue
		}
		if err := set(f, from.Get(f.Name)); err != nil {
			return nil, boot.Usage(fmt.Errorf("%s: %w", name, err))
		}
	}
	return origin, nil
}

// set gives a flag a value of a file or the environment.
func set(f *pflag.Flag, value any) error {
	list, isList := f.Value.(pflag.SliceValue)
	switch v := value.(type) {
	case nil:
		return errors.New("there is no value: leave the line out for the default")
	case map[string]any:
		return errors.New("want one value, found a table")
	case []any:
		if !isList {
			return errors.New("want one value, found a list")
		}
		words := make([]string, len(v))
		for i := range v {
			words[i] = fmt.Sprint(v[i])
		}
		return list.Replace(words)
	case string:
		if isList {
			return list.Replace(strings.Split(v, ","))
		}
	}
	if err := f.Value.Set(fmt.Sprint(value)); err != nil {
		return fmt.Errorf("%q: want %s: %w", fmt.Sprint(value), typeInWords(f), err)
	}
	return nil
}

// typeInWords says what a setting's value looks like.
func typeInWords(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true or false"
	case "int":
		return "a whole number"
	case "duration":
		return "a time such as 30s or 1h"
	case "stringSlice", "stringArray":
		return "a list of words"
	}
	return "a word"
}

// configInit gives the user a file with every setting.
func configInit() *cobra.Command {
	return &cobra.Command{
		Use: "init [FILE]", Short: "Write a file of settings to start from: every one, with its default and what it is for",
		Example: "  vigil config init vigil.yaml         without FILE: vigil.yaml; - for stdout",
		Long:    "Vigil is " + schemas.Notice + ".",
		Args:    atMostOneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			var b strings.Builder
			b.WriteString("# Settings of `vigil serve`, which takes this file as --config. Flags go before the environment\n# (VIGIL_BROKERS and so on), that goes before this file, and this file before the defaults. Secrets do\n# not stand here: " + boot.PasswordVariable + ", " + boot.RedisPasswordVariable + ", or files of their own.\n\nbrokers: [\"127.0.0.1:9092\"]\nredis: redis://127.0.0.1:6379/0\n")
			for _, f := range settings(serveCommand()) {
				if f.Name == "brokers" || f.Name == "redis" {
					continue
				}
				fmt.Fprintf(&b, "\n# %s\n# %s: %s\n", f.Usage, f.Name, yamlDefault(f))
			}
			return writeNew(cmd, args, "vigil.yaml", []byte(b.String()), "change it, then: vigil config check %[1]s; vigil doctor --config %[1]s; vigil serve --config %[1]s")
		},
	}
}

// yamlDefault is a setting's default as it may stand in a file.
func yamlDefault(f *pflag.Flag) string {
	if f.DefValue == "" {
		return `""`
	}
	return f.DefValue
}

// configCheck tells the user whether a file of settings can be used.
func configCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Check a file of settings: names, values, and the files that it names",
		Example: "  vigil config check vigil.yaml",
		Long:    "No server is asked: that is what `vigil doctor --config FILE` does.\n\nVigil is " + schemas.Notice + ".",
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			var o serveOptions
			of := &cobra.Command{}
			o.flags(of)
			err := of.Flags().Set(configName, args[0])
			if err == nil {
				_, err = configure(of)
			}
			if err == nil {
				err = o.check()
			}
			if err == nil {
				err = boot.CheckFiles(&o.Config)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s ok\n", args[0])
			return err
		},
	}
}

// configShow gives the user what would be in force, and why.
func configShow() *cobra.Command {
	var (
		o          serveOptions
		withOrigin bool
	)
	cmd := &cobra.Command{
		Use: "show", Short: "Print the settings that vigil serve would have with the same flags, file and environment", Args: noArgs,
		Example: `  vigil config show --config vigil.yaml
  vigil config show --config vigil.yaml --origin     and where each comes from`,
		Long: "Vigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			origin, err := configure(cmd)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, f := range settings(cmd) {
				value := f.Value.String()
				if f.Name == "redis" {
					value = boot.Redacted(value)
				}
				if withOrigin {
					fmt.Fprintf(w, "%s:\t%s\t# %s\n", f.Name, value, origin[f.Name])
				} else {
					fmt.Fprintf(w, "%s:\t%s\n", f.Name, value)
				}
			}
			return w.Flush()
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&withOrigin, "origin", false, "say of each whether it is from a flag, the environment, the file or the default")
	_ = cmd.Flags().SetAnnotation("origin", notASetting, []string{"true"}) // the flag is there
	return cmd
}

// configSchema gives editors and programs the JSON Schema of a file of settings.
func configSchema() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of a file of settings", Args: noArgs,
		Example: "  vigil config schema > vigil.schema.json",
		Long:    "Vigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printSchema(cmd.OutOrStdout(), settings(serveCommand()))
		},
	}
}

// printSchema is made of the flags themselves, so that it cannot say anything else.
func printSchema(out io.Writer, flags []*pflag.Flag) error {
	type property struct {
		Type        string         `json:"type"`
		Items       map[string]any `json:"items,omitempty"`
		Pattern     string         `json:"pattern,omitempty"`
		Description string         `json:"description"`
		Default     any            `json:"default,omitempty"`
	}
	properties := map[string]property{}
	for _, f := range flags {
		p := property{Type: "string", Description: f.Usage}
		if f.DefValue != "" {
			p.Default = f.DefValue
		}
		switch f.Value.Type() {
		case "bool":
			p.Type, p.Default = "boolean", f.DefValue == "true"
		case "int":
			p.Type, p.Default = "integer", json.Number(f.DefValue)
		case "duration":
			p.Pattern = `^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$`
		case "stringSlice", "stringArray":
			p.Type, p.Items, p.Default = "array", map[string]any{"type": "string"}, f.Value.(pflag.SliceValue).GetSlice()
		}
		properties[f.Name] = p
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Settings of vigil serve (" + schemas.Notice + ")",
		"type": "object", "additionalProperties": false, "properties": properties,
	})
}
