package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	"slipway/tasks/internal/container"
	"slipway/tasks/internal/result"
)

// readAhead is how much of an object is held while it is read, in bytes.
const readAhead = 64 << 10

// object is what the store says of an object, with its content still to be read.
type object struct {
	body        io.ReadCloser
	version     string
	etag        string
	contentType string
	modifiedAt  time.Time
}

// store is where objects come from and results go.
type store interface {
	open(ctx context.Context, s source) (object, error)
	put(ctx context.Context, key, contentType string, content []byte) error
}

// processor processes one object.
type processor struct {
	store    store
	settings settings
	now      func() time.Time
	log      *slog.Logger
}

// processListed processes an object of a batch as the run that it has of its own. It gives the memory back, or the heap
// would grow to twice the largest picture before it is cleared.
func (p *processor) processListed(ctx context.Context, o listed) error {
	defer debug.FreeOSMemory()
	own := *p
	own.settings.runID = o.ID
	return own.process(ctx, o.source())
}

// process reads the object and writes its results, the description last. A decoder that panics has met a picture that
// it cannot decode.
func (p *processor) process(ctx context.Context, s source) (err error) {
	defer func() {
		if v := recover(); v != nil {
			p.log.ErrorContext(ctx, "panic", "bucket", s.bucket, "key", s.key, "stack", string(debug.Stack()))
			err = fmt.Errorf("process %s: panic: %v", s, v)
		}
	}()
	started := p.now()
	if err := container.Pause(ctx, p.settings.delay); err != nil {
		return err
	}
	d, thumbnail, err := p.read(ctx, s, started)
	if err != nil {
		return err
	}
	if err := p.write(ctx, &d, thumbnail); err != nil {
		return fmt.Errorf("write the results of %s to bucket %s: %w", s, p.settings.results, err)
	}
	p.log.InfoContext(ctx, "processed", "bucket", s.bucket, "key", s.key, "version", d.VersionID, "format", d.Format,
		"bytes", d.Size, "seconds", d.ProcessingSeconds)
	return nil
}

// read reads the object from its first byte to its last.
func (p *processor) read(ctx context.Context, s source, started time.Time) (result.Description, *file, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	o, err := p.store.open(ctx, s)
	if err != nil {
		return result.Description{}, nil, fmt.Errorf("read %s: %w", s, err)
	}
	defer func() { _ = o.body.Close() }()
	d := p.describe(s, o, started)
	content := newStream(ctx, cancel, o.body)
	thumbnail, err := p.look(content, &d)
	if err != nil {
		return result.Description{}, nil, fmt.Errorf("process %s: %w", s, err)
	}
	d.Size, d.SHA256 = content.size, content.sha256()
	return d, thumbnail, nil
}

// describe is what is known of an object before it is read.
func (p *processor) describe(s source, o object, started time.Time) result.Description {
	version := s.version
	if o.version != "" {
		version = o.version
	}
	return result.Description{
		Bucket: s.bucket, Key: s.key, VersionID: version, ETag: o.etag,
		ContentType: o.contentType, ModifiedAt: o.modifiedAt,
		Stack: p.settings.stack, Job: p.settings.job, RunID: p.settings.runID, Attempt: p.settings.attempt,
		StartedAt: started.UTC(),
	}
}

// file is a thumbnail to be stored.
type file struct {
	contentType string
	content     []byte
}

// look reads the whole stream. It completes the description, and makes the thumbnail of a picture.
func (p *processor) look(s *stream, d *result.Description) (*file, error) {
	r := bufio.NewReaderSize(s, readAhead)
	d.Format = formatOf(r)
	if d.Format == result.Other {
		return nil, s.finish()
	}
	pic, err := decode(r, d.Format, p.settings.maxPixels)
	if s.broken != nil {
		return nil, s.broken
	}
	if err != nil {
		return nil, err
	}
	if err := s.finish(); err != nil {
		return nil, err
	}
	return shrink(pic, d)
}

// shrink makes the thumbnail and says in the description what it shows.
func shrink(pic picture, d *result.Description) (*file, error) {
	small := scaled(pic)
	content, contentType, err := encode(small, d.Format)
	if err != nil {
		return nil, err
	}
	d.Width, d.Height = pic.width, pic.height
	if pic.orientation != upright {
		d.Orientation = pic.orientation
	}
	if swaps(pic.orientation) {
		d.Width, d.Height = pic.height, pic.width
	}
	d.Thumbnail = &result.Thumbnail{
		Key:   result.KeysFor(d.Key).Thumbnail(d.Format),
		Width: small.Rect.Dx(), Height: small.Rect.Dy(), Size: int64(len(content)),
	}
	return &file{contentType, content}, nil
}

// write stores the thumbnail and then the description, which marks the object as done.
func (p *processor) write(ctx context.Context, d *result.Description, thumbnail *file) error {
	if thumbnail != nil {
		if err := p.store.put(ctx, d.Thumbnail.Key, thumbnail.contentType, thumbnail.content); err != nil {
			return err
		}
	}
	now := p.now()
	d.ProcessedAt, d.ProcessingSeconds = now.UTC(), now.Sub(d.StartedAt).Seconds()
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("encode description: %w", err)
	}
	return p.store.put(ctx, result.KeysFor(d.Key).Description(), "application/json", append(text, '\n'))
}
