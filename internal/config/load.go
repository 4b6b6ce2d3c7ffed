package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"slipway/internal/run"
)

// Version is the version of slipway.yaml and of its compiled form that this release reads.
const Version = 1

// FileName is the name of the compiled configuration, beside each bootstrap.
const FileName = "slipway.json"

// Path is where a function finds its compiled configuration: in the folder that Lambda unpacked it to, or else beside
// the running program.
func Path(getenv func(string) string) (string, error) {
	if root := getenv("LAMBDA_TASK_ROOT"); root != "" {
		return filepath.Join(root, FileName), nil
	}
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the folder of this program: %w", err)
	}
	return filepath.Join(filepath.Dir(program), FileName), nil
}

// Read is everything that a function needs to start: the environment that it asks for, and the configuration with
// every value and the stack's network filled in.
func Read(f Function, getenv func(string) string) (Config, Environment, error) {
	env, err := FromEnvironment(f, getenv)
	if err != nil {
		return Config{}, Environment{}, err
	}
	path, err := Path(getenv)
	if err != nil {
		return Config{}, Environment{}, err
	}
	c, err := Load(path, env.Values)
	if err != nil {
		return Config{}, Environment{}, err
	}
	return c.WithNetwork(env.Network), env, nil
}

// Load reads a compiled configuration and fills in ${Name} from values. It returns every mistake at once: a field that
// this release does not know, a name that values does not have, and whatever is empty that must not be.
func Load(path string, values map[string]string) (Config, error) {
	text, err := os.ReadFile(path) //nolint:gosec // The path comes from Lambda or from the command line of the user.
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	c, err := Parse(string(text), values)
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration %s: %w", path, err)
	}
	return c, nil
}

// Parse is Load for a text that has been read already.
func Parse(text string, values map[string]string) (Config, error) {
	filled, err := fill(text, values)
	if err != nil {
		return Config{}, err
	}
	var c Config
	decoder := json.NewDecoder(strings.NewReader(filled))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("decode it: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Config{}, errors.New("decode it: there is something after its end")
	}
	if c.Version != Version {
		return Config{}, fmt.Errorf("it has version %d, and this release reads version %d: build it again", c.Version, Version)
	}
	if err := c.validate(); err != nil {
		return Config{}, err
	}
	return c.told(), nil
}

// WithNetwork gives the network to every job that names none of its own.
func (c Config) WithNetwork(n Network) Config {
	c.Jobs = slices.Clone(c.Jobs)
	for i := range c.Jobs {
		t := &c.Jobs[i].Task
		if len(t.Subnets) == 0 && len(t.SecurityGroups) == 0 {
			t.Subnets, t.SecurityGroups, t.PublicIP = n.Subnets, n.SecurityGroups, n.PublicIP
		}
	}
	return c
}

// told drops recipients that are empty, and notifications without any: the stack was given no address.
func (c Config) told() Config {
	c.Notifications = slices.Clone(c.Notifications)
	for i := range c.Notifications {
		to := slices.Clone(c.Notifications[i].To)
		c.Notifications[i].To = slices.DeleteFunc(to, func(s string) bool { return s == "" })
	}
	c.Notifications = slices.DeleteFunc(c.Notifications, func(n Notification) bool { return len(n.To) == 0 })
	return c
}

// validate finds what filling in can break: package compile has checked the rest.
func (c Config) validate() error {
	var mistakes []error
	seen := map[string]bool{}
	for _, j := range c.Jobs {
		if err := run.ValidJobName(j.Name); err != nil {
			mistakes = append(mistakes, err)
		}
		if seen[j.Name] {
			mistakes = append(mistakes, fmt.Errorf("job %s is there twice", j.Name))
		}
		seen[j.Name] = true
		mistakes = append(mistakes, empties("job "+j.Name, jobNeeds(j))...)
	}
	for _, s := range c.Scalers {
		mistakes = append(mistakes, empties("scaler "+s.Name, scalerNeeds(s))...)
	}
	return errors.Join(mistakes...)
}

// need is a value that must not be empty.
type need struct{ name, value string }

func jobNeeds(j run.Job) []need {
	needs := []need{
		{"task.cluster", j.Task.Cluster},
		{"task.definition", j.Task.Definition},
		{"task.capacity", strings.Join(j.Task.Capacity, "")},
	}
	if s3 := j.Trigger.S3; s3 != nil {
		needs = append(needs, need{"trigger.s3.bucket", s3.Bucket})
	}
	if s := j.Trigger.Schedule; s != nil {
		needs = append(needs, need{"trigger.schedule", s.Expression})
	}
	return needs
}

func scalerNeeds(s Scaler) []need {
	needs := []need{
		{"service's cluster", s.Cluster},
		{"service", s.Service},
		{"queues", strings.Join(s.Queues, "")},
	}
	for _, q := range s.Queues {
		needs = append(needs, need{"queues", q})
	}
	return needs
}

// empties reports each need that is empty, once.
func empties(of string, needs []need) []error {
	var mistakes []error
	seen := map[string]bool{}
	for _, n := range needs {
		if n.value == "" && !seen[n.name] {
			seen[n.name] = true
			mistakes = append(mistakes, fmt.Errorf(
				"%s: its %s is empty; the stack gives nothing for it (is it deployed with Examples=false?)", of, n.name))
		}
	}
	return mistakes
}
