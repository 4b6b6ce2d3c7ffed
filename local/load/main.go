package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"slipway/local/internal/port"
	"slipway/local/internal/screen"
	"slipway/local/internal/stack"
)

func main() {
	rates := flag.String("rates", "1,10,50", "uploads a second, one after another")
	lasts := flag.Duration("for", time.Minute, "how long at each rate")
	flag.Parse()
	plan, err := parse(*rates)
	if err != nil || flag.NArg() > 0 || *lasts <= 0 {
		fmt.Fprintln(os.Stderr, errors.Join(err, flag.ErrHelp))
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := loadStack(ctx, plan, *lasts); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1) //nolint:gocritic // all is stopped
	}
}

func parse(rates string) ([]float64, error) {
	var out []float64
	for _, text := range strings.Split(rates, ",") {
		rate, err := strconv.ParseFloat(text, 64)
		if err != nil || rate <= 0 || rate > 1000 {
			return nil, fmt.Errorf("-rates has %q: write uploads a second, as in 1,10,50", text) //nolint:err113 // for a person
		}
		out = append(out, rate)
	}
	return out, nil
}

// loadStack brings a stack up on free ports, loads it, and takes it down.
func loadStack(ctx context.Context, rates []float64, lasts time.Duration) (err error) {
	root, err := stack.FindRoot()
	if err != nil {
		return err
	}
	state, err := os.MkdirTemp("", "slipway-load-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(state)) }()
	ports, err := port.Free(2)
	if err != nil {
		return err
	}
	o := stack.Options{Root: root, State: state, Port: ports[0], ECSPort: ports[1], Engine: "process", Screen: screen.Plain(os.Stderr)}
	r, err := stack.Up(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		_, downErr := stack.Down(context.WithoutCancel(ctx), state)
		err = errors.Join(err, downErr)
	}()
	var out []figures
	for _, rate := range rates {
		f, err := newLoad(r.Record, rate, o.Screen).measure(ctx, lasts)
		if err != nil {
			return fmt.Errorf("at %g uploads a second: %w", rate, err)
		}
		out = append(out, f)
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}
