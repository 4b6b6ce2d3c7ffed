package launch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"slipway/internal/run"
)

// The variables that tell a container of its batch. The manifest is JSON itself, which begins with "{", or the address
// of that JSON, which begins with "s3://".
const (
	ManifestVariable = "SLIPWAY_MANIFEST"
	ReportVariable   = "SLIPWAY_REPORT"
)

// manifestVersion is the version of the forms of manifests and reports.
const manifestVersion = 1

// manifest lists the objects of a batch for its container.
type manifest struct {
	Version int      `json:"version"`
	Run     run.ID   `json:"run"`
	Attempt int      `json:"attempt"`
	Report  string   `json:"report,omitempty"`
	Objects []listed `json:"objects"`
}

// listed is one object of a manifest. ID is the run of the object, the same for every attempt.
type listed struct {
	ID        run.ID `json:"id"`
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	VersionID string `json:"versionId,omitempty"`
	ETag      string `json:"etag,omitempty"`
	Sequencer string `json:"sequencer,omitempty"`
	Size      int64  `json:"size"`
}

// Manifest is the list of a batch's objects, for its container. The same members at the same attempt always give the
// same text.
func Manifest(batch run.Run, members []run.Run, reportURL string) []byte {
	m := manifest{Version: manifestVersion, Run: batch.ID, Attempt: batch.Attempt, Report: reportURL, Objects: []listed{}}
	for _, r := range members {
		if o := r.Input.Object; o != nil {
			m.Objects = append(m.Objects, listed{r.ID, o.Bucket, o.Key, o.VersionID, o.ETag, o.Sequencer, o.Size})
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		panic("launch: a manifest that cannot be encoded: " + err.Error()) // plain data: cannot happen
	}
	return bytes.TrimSpace(b.Bytes())
}

// MaxReport is how many bytes of a report are read.
const MaxReport = 4 << 20

// maxReason bounds what is kept of the reason that a container gives for one object.
const maxReason = 500

// ParseReport reads what a container says of the objects of its batch:
//
//	{"version": 1, "objects": [{"id": "…", "exitCode": 0}, {"id": "…", "exitCode": 1, "reason": "…"}]}
//
// Of several entries for one object the last counts. A report that is not of this form is an error as a whole; it may
// then be treated as if there were none, because whatever it does not name is tried again or split.
func ParseReport(text []byte) ([]run.Result, error) {
	var report struct {
		Version int `json:"version"`
		Objects []struct {
			ID       run.ID `json:"id"`
			ExitCode *int   `json:"exitCode"`
			Reason   string `json:"reason"`
		} `json:"objects"`
	}
	if len(text) > MaxReport {
		return nil, fmt.Errorf("read the report: it has more than %d bytes", MaxReport)
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	if report.Version != manifestVersion {
		return nil, fmt.Errorf("read the report: it has version %d, and this release reads version %d", report.Version, manifestVersion)
	}
	var out []run.Result
	for i, o := range report.Objects {
		if o.ID == "" || o.ExitCode == nil || *o.ExitCode < 0 || *o.ExitCode > 255 {
			return nil, fmt.Errorf("read the report: entry %d needs an id, and an exitCode from 0 to 255", i)
		}
		out = append(out, run.Result{ID: o.ID, ExitCode: *o.ExitCode, Reason: cut(o.Reason)})
	}
	return out, nil
}

var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ")

// cut makes a reason one line of bounded length.
func cut(s string) string {
	runes := []rune(oneLine.Replace(s))
	if len(runes) > maxReason {
		return string(runes[:maxReason]) + " (cut)"
	}
	return string(runes)
}
