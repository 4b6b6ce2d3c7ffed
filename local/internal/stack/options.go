package stack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"slipway/local/internal/port"
	"slipway/local/internal/screen"
)

// What the local stack is given for what a person would choose on AWS.
const (
	Region  = "us-east-1"
	Account = "000000000000" // the emulator's, for keys that are not an account number
	key     = "test"
	Sender  = "slipway@example.com"
	Reader  = "you@example.com"
)

// Options says which stack. Root is required.
type Options struct {
	Root    string // the repository
	State   string // the folder for everything that is written; empty: .local in Root
	Config  string // the folder of slipway.yaml; empty: Root
	Name    string // the CloudFormation stack; empty: slipway
	Port    int    // of the emulator; zero: 4566
	ECSPort int    // of the tasks' side of ECS; zero: 4567
	Engine  string // auto, docker or process; empty: auto
	Screen  *screen.Screen
}

// FromEnvironment fills in what is not set from SLIPWAY_PORT, SLIPWAY_ECS_PORT, SLIPWAY_ENGINE and CONFIG.
func (o Options) FromEnvironment(getenv func(string) string) (Options, error) {
	var problems []error
	for name, field := range map[string]*int{"SLIPWAY_PORT": &o.Port, "SLIPWAY_ECS_PORT": &o.ECSPort} {
		text := getenv(name)
		if *field != 0 || text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 65535 {
			problems = append(problems, fmt.Errorf("%s is %q: use a port from 1 to 65535", name, text)) //nolint:err113 // for a person
		}
		*field = n
	}
	o.Engine = or(o.Engine, getenv("SLIPWAY_ENGINE"))
	o.Config = or(o.Config, getenv("CONFIG"))
	return o, errors.Join(problems...)
}

// complete fills in the defaults and makes every folder absolute.
func (o Options) complete() (Options, error) {
	o.State = or(o.State, filepath.Join(o.Root, ".local"))
	o.Config = or(o.Config, o.Root)
	o.Name = or(o.Name, "slipway")
	o.Engine = or(o.Engine, "auto")
	if o.Port == 0 {
		o.Port = 4566
	}
	if o.ECSPort == 0 {
		o.ECSPort = 4567
	}
	if o.Screen == nil {
		o.Screen = &screen.Screen{}
	}
	for _, dir := range []*string{&o.Root, &o.State, &o.Config} {
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return o, fmt.Errorf("find folder %s: %w", *dir, err)
		}
		*dir = abs
	}
	if _, err := os.Stat(filepath.Join(o.Config, "slipway.yaml")); err != nil {
		return o, fmt.Errorf("find the configuration: %w", err)
	}
	return o, nil
}

func (o Options) endpoint() string    { return fmt.Sprintf("http://%s:%d", port.Local, o.Port) }
func (o Options) ecsEndpoint() string { return fmt.Sprintf("http://%s:%d", port.Local, o.ECSPort) }

// in is a path below the folder of the state.
func (o Options) in(parts ...string) string {
	return filepath.Join(append([]string{o.State}, parts...)...)
}
func (o Options) log(name string) string { return o.in("log", name+".log") }

// architecture is Lambda's and ECS's word for this machine's.
func architecture() string {
	if runtime.GOARCH == "amd64" {
		return "x86_64"
	}
	return runtime.GOARCH
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Like is the options that a stack which runs was started with.
func (o Options) Like(r Record) Options {
	o.Port, o.ECSPort, o.Name, o.Engine = r.Port, r.ECSPort, r.Name, r.Engine
	return o
}
