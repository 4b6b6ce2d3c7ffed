package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"slipway/tasks/internal/container"
)

// formVersion is the version of the forms of manifests and reports that this program knows.
const formVersion = 1

// maxManifest is how much of a manifest is read, in bytes. A thousand objects fit, each with a key as long as keys can be
// of characters that JSON escapes with six.
const maxManifest = 8 << 20

// manifest is the list of the objects of a batch.
type manifest struct {
	Version int      `json:"version"`
	Objects []listed `json:"objects"`
}

// listed is one object of a manifest. Its ID, the run of the object, is what it is reported by.
type listed struct {
	ID        string `json:"id"`
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	VersionID string `json:"versionId"`
}

func (l listed) source() source { return source{l.Bucket, l.Key, l.VersionID} }

// loadManifest reads what SLIPWAY_MANIFEST holds: the manifest, or the address of one.
func loadManifest(ctx context.Context, store store, text string) (manifest, error) {
	if strings.HasPrefix(text, "{") {
		return parseManifest([]byte(text))
	}
	at, err := parseURL(text)
	if err != nil {
		return manifest{}, err // settings have checked it
	}
	content, err := fetch(ctx, store, at)
	if err != nil {
		return manifest{}, fmt.Errorf("read the manifest %s: %w", at, err)
	}
	return parseManifest(content)
}

func fetch(ctx context.Context, store store, at source) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	o, err := store.open(ctx, at)
	if err != nil {
		return nil, err
	}
	defer func() { _ = o.body.Close() }()
	return io.ReadAll(io.LimitReader(newStream(ctx, cancel, o.body), maxManifest+1))
}

func parseManifest(text []byte) (manifest, error) {
	if len(text) > maxManifest {
		return manifest{}, container.Usage("the manifest has more than %d bytes", maxManifest)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return manifest{}, container.Usage("the manifest is not of its form: %v", err)
	}
	if m.Version != formVersion {
		return manifest{}, container.Usage("the manifest has version %d, and this program reads version %d", m.Version, formVersion)
	}
	for i, o := range m.Objects {
		if o.ID == "" || o.Bucket == "" || o.Key == "" {
			return manifest{}, container.Usage("entry %d of the manifest needs an id, a bucket and a key", i)
		}
	}
	return m, nil
}
