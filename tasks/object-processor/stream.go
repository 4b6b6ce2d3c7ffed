package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"slipway/tasks/internal/container"
)

// stallAfter is how long S3 may send nothing in the middle of an object before the download counts as broken.
const stallAfter = time.Minute

var errStalled = errors.New("nothing came for a minute")

// stream is an object as it is read: it counts and hashes what goes by, ends with the context, and remembers what
// broke it, since a decoder does not say whether its input was damaged or did not arrive.
type stream struct {
	ctx    context.Context //nolint:containedctx // a reader has no other way to end with one
	body   io.Reader
	sum    hash.Hash
	size   int64
	broken error
	stall  *time.Timer
}

// newStream reads body, which must end with ctx; it cancels ctx when nothing comes for too long.
func newStream(ctx context.Context, cancel context.CancelCauseFunc, body io.Reader) *stream {
	s := &stream{ctx: ctx, body: body, sum: sha256.New()}
	s.stall = time.AfterFunc(stallAfter, func() { cancel(errStalled) })
	s.stall.Stop()
	return s
}

// Read reads the next part of the object.
func (s *stream) Read(p []byte) (int, error) {
	if s.broken == nil && s.ctx.Err() != nil {
		s.broken = s.why(s.ctx.Err())
	}
	if s.broken != nil {
		return 0, s.broken
	}
	s.stall.Reset(stallAfter)
	n, err := s.body.Read(p)
	s.stall.Stop()
	s.size += int64(n)
	_, _ = s.sum.Write(p[:n]) // a hash never returns an error
	if err != nil && !errors.Is(err, io.EOF) {
		s.broken = s.why(err)
		return n, s.broken
	}
	return n, err
}

// why is what broke the stream: the end of its context, or a download that may work another time.
func (s *stream) why(err error) error {
	if cause := context.Cause(s.ctx); cause != nil {
		err = cause
	}
	if errors.Is(err, container.ErrStopped) {
		return err
	}
	return &container.Transient{Err: fmt.Errorf("the download broke off: %w", err)}
}

// finish reads what is left, so that the hash covers the whole object.
func (s *stream) finish() error {
	_, _ = io.Copy(io.Discard, s)
	return s.broken
}

func (s *stream) sha256() string { return hex.EncodeToString(s.sum.Sum(nil)) }
