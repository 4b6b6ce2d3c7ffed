package fake

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"slipway/internal/run"
)

// Files keeps what internal/cloud/s3 keeps, in memory. The zero value is empty and ready.
type Files struct {
	// Fault, when set, is called before and after each call's effect with the name of the call; an error it returns
	// is the call's.
	Fault func(call string, after bool) error

	mu    sync.Mutex // protects following field
	files map[string][]byte
}

// Put stores a file.
func (f *Files) Put(_ context.Context, url, _ string, content []byte) error {
	if err := f.fault("Put", false); err != nil {
		return err
	}
	f.mu.Lock()
	if f.files == nil {
		f.files = map[string][]byte{}
	}
	f.files[url] = slices.Clone(content)
	f.mu.Unlock()
	return f.fault("Put", true)
}

// Get returns a file of at most limit bytes.
func (f *Files) Get(_ context.Context, url string, limit int64) ([]byte, error) {
	if err := f.fault("Get", false); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	content, ok := f.files[url]
	switch {
	case !ok:
		return nil, fmt.Errorf("read %s: %w", url, run.ErrNotFound)
	case int64(len(content)) > limit:
		return nil, run.Never("file-too-large", fmt.Errorf("read %s: it has more than %d bytes", url, limit))
	}
	return slices.Clone(content), nil
}

func (f *Files) fault(call string, after bool) error {
	if f.Fault == nil {
		return nil
	}
	return f.Fault(call, after)
}
