package result

import "time"

// The formats of a Description.
const (
	JPEG  = "jpeg"
	PNG   = "png"
	GIF   = "gif"
	Other = "other" // anything that is not a picture of the formats above
)

// Description is what is known of one object after it was processed. It is stored as JSON.
type Description struct {
	Bucket    string `json:"bucket"`
	Key       string `json:"key"` // whole, also where the results' keys had to be cut
	VersionID string `json:"versionId,omitempty"`
	ETag      string `json:"etag,omitempty"`

	Size        int64     `json:"size"`   // bytes
	SHA256      string    `json:"sha256"` // of the content, in hex
	ContentType string    `json:"contentType,omitempty"`
	ModifiedAt  time.Time `json:"modifiedAt,omitzero"` // when S3 got the object

	Format      string     `json:"format"`                // by content, never by name
	Width       int        `json:"width,omitempty"`       // pixels, as it is shown
	Height      int        `json:"height,omitempty"`      // pixels, as it is shown
	Orientation int        `json:"orientation,omitempty"` // of EXIF, 2 to 8; the thumbnail stands upright
	Thumbnail   *Thumbnail `json:"thumbnail,omitempty"`

	Stack             string    `json:"stack,omitempty"`
	Job               string    `json:"job,omitempty"`
	RunID             string    `json:"runId,omitempty"`
	Attempt           int       `json:"attempt,omitempty"`
	StartedAt         time.Time `json:"startedAt"`
	ProcessedAt       time.Time `json:"processedAt"`
	ProcessingSeconds float64   `json:"processingSeconds"`
}

// Thumbnail is the small picture that was made.
type Thumbnail struct {
	Key    string `json:"key"` // in the results bucket
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Size   int64  `json:"size"` // bytes
}
