package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"slipway/bench/internal/measure"
	"slipway/bench/internal/program"
	"slipway/bench/internal/scene"
	"slipway/bench/internal/world"
)

// systemRoots are where Linux keeps what it trusts; the first that is there is used.
var systemRoots = []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}

// firstCall is one program on its way to its first call by TLS: the figures of each round.
type firstCall struct {
	name         string
	spec         program.Spec
	payload      []byte
	whole, after measure.Series // ms from exec, and from the first request for an invocation
}

// tls starts every contender once a round and hands it an invocation at once, up to the moment when its first call has
// arrived: certificates are read, the connection is made, and the request is sent.
func (b *bench) tls() ([]measure.Table, error) {
	aws := world.NewTLS()
	defer aws.Close()
	roots, err := b.roots(aws)
	if err != nil {
		return nil, err
	}
	var tables []measure.Table
	measured := functions
	if b.quick {
		measured = functions[:1]
	}
	for _, f := range measured {
		list, err := b.firstCalls(f, aws, roots)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		say("first calls by TLS of %s: %d rounds of %d programs", f.name, b.rounds, len(list))
		for round := range b.rounds + 1 {
			for _, c := range list {
				if err := c.make(aws, round > 0); err != nil { // the first fills the caches
					return nil, err
				}
			}
		}
		tables = append(tables, tlsTable(f, list))
	}
	return tables, nil
}

// roots is a file of what this machine trusts, and the test's own authority.
func (b *bench) roots(aws *world.World) (string, error) {
	all := aws.Authority()
	for _, path := range systemRoots {
		if text, err := os.ReadFile(path); err == nil { //nolint:gosec // one of the above
			all = append(all, text...)
			break
		}
	}
	path := filepath.Join(b.work, "roots.pem")
	return path, os.WriteFile(path, all, 0o600)
}

func (b *bench) firstCalls(f function, aws *world.World, roots string) ([]*firstCall, error) {
	s, err := sceneOf(f.name, 1)
	if err != nil {
		return nil, err
	}
	script, err := b.recorded(f, s)
	if err != nil {
		return nil, err
	}
	aws.Keep(s.Items...)
	var out []*firstCall
	for _, name := range b.peers(f.name, "anchor", "naive") {
		spec, err := b.spec(name, f, map[string]string{
			"AWS_ENDPOINT_URL": aws.URL, "SCRIPT": script, "SSL_CERT_FILE": roots, "AWS_CA_BUNDLE": roots, "NODE_EXTRA_CA_CERTS": roots,
		})
		if err != nil {
			return nil, err
		}
		if name == "naive" {
			delete(spec.Env, "SSL_CERT_DIR") // who is naive has not thought of it
			delete(spec.Env, "AWS_CA_BUNDLE")
		}
		out = append(out, &firstCall{name: name, spec: spec, payload: s.Payload})
	}
	return out, nil
}

// recorded is the script of a function.
func (b *bench) recorded(f function, s scene.Scene) (string, error) {
	aws := world.New()
	defer aws.Close()
	aws.Keep(s.Items...)
	spec, err := b.spec(f.name, f, map[string]string{"AWS_ENDPOINT_URL": aws.URL})
	if err != nil {
		return "", err
	}
	p, err := program.Run(spec)
	if err != nil {
		return "", err
	}
	defer p.Stop()
	return b.script(p, s, aws)
}

func (c *firstCall) make(aws *world.World, counts bool) error {
	aws.Await()
	began := time.Now()
	p, err := program.Run(c.spec)
	if err != nil {
		return err
	}
	defer p.Stop()
	asked := began.Add(p.Started.Took)
	if _, _, err := p.Invoke(c.payload); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	first := aws.First()
	if first.IsZero() {
		return fmt.Errorf("%s has made no call; its log: %s", c.name, p.Log()) //nolint:err113 // for a person
	}
	if counts {
		c.whole = append(c.whole, first.Sub(began).Seconds()*1000)
		c.after = append(c.after, first.Sub(asked).Seconds()*1000)
	}
	return nil
}

func tlsTable(f function, list []*firstCall) measure.Table {
	own := list[0]
	t := measure.Table{
		Title: "First call by TLS: " + f.name, Columns: []string{"program", "ms from exec", "function ÷ it", "ms after the first request for an invocation"},
		Note: "Until the first call has arrived at a server on 127.0.0.1. The certificates are this machine's and one for the test. The anchor is plain " +
			"`net/http`; the floors and hello world make no call.",
		Raw: map[string]measure.Series{},
	}
	for _, c := range list {
		t.Raw[c.name+" ms"], t.Raw[c.name+" after ms"] = c.whole, c.after
		t.Rows = append(t.Rows, []string{c.name, c.whole.Spread(2), own.whole.Over(c.whole).Spread(3), c.after.Spread(2)})
	}
	return t
}
