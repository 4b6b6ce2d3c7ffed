package event

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"slipway/internal/run"
)

// MaxKey is how many bytes of UTF-8 the key of an object may have.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const MaxKey = 1024

// maxID bounds names and identifiers of S3: a bucket has at most 255 characters, a version ID 1,024 bytes.
const maxID = 1024

// objectCreated is the detail of an EventBridge event. Its key is raw.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
type objectCreated struct {
	Bucket struct {
		Name string `json:"name"`
	} `json:"bucket"`
	Object struct {
		Key       keyText `json:"key"`
		Size      int64   `json:"size"`
		ETag      string  `json:"etag"`
		VersionID string  `json:"version-id"`
		Sequencer string  `json:"sequencer"`
	} `json:"object"`
	Reason text `json:"reason"`
}

func decodeObjectCreated(e envelope) (Event, error) {
	var d objectCreated
	if err := e.detail(&d); err != nil {
		return nil, err
	}
	o, err := object(d.Bucket.Name, d.Object.Key, run.Object{
		Size: d.Object.Size, ETag: d.Object.ETag, VersionID: d.Object.VersionID, Sequencer: d.Object.Sequencer,
	})
	if err != nil {
		return nil, err
	}
	return Objects{Created: []Created{{Object: o, How: string(d.Reason), At: time.Time(e.Time)}}}, nil
}

// notification is one record of a native S3 notification. Its key is encoded as in a form.
type notification struct {
	Source text    `json:"eventSource"`
	Name   text    `json:"eventName"`
	Time   instant `json:"eventTime"`
	S3     struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key       keyText `json:"key"`
			Size      int64   `json:"size"`
			ETag      string  `json:"eTag"`
			VersionID string  `json:"versionId"`
			Sequencer string  `json:"sequencer"`
		} `json:"object"`
	} `json:"s3"`
}

// decodeNotification reads every record by itself, so that one bad record never fails the others. Records of other
// services make an unknown event.
func decodeNotification(records []json.RawMessage) (Event, error) {
	var objects Objects
	var stranger text
	for i, raw := range records {
		var head struct {
			Source text `json:"eventSource"`
			Name   text `json:"eventName"`
		}
		switch err := json.Unmarshal(raw, &head); {
		case err != nil || head.Source == "":
			objects.Bad = append(objects.Bad, refuse(WrongShape, "record %d of %d is not a record of S3", i+1, len(records)))
		case head.Source == sqsSource: // a batch that Batch could not read, or one inside another
			objects.Bad = append(objects.Bad, refuse(WrongShape, "record %d of %d is a message of SQS", i+1, len(records)))
		case head.Source != "aws:s3":
			stranger = head.Source
		case !strings.HasPrefix(string(head.Name), "ObjectCreated:"):
			objects.Ignored++
		default:
			objects.add(raw)
		}
	}
	if stranger != "" && len(objects.Created)+len(objects.Bad)+objects.Ignored == 0 {
		return Unknown{Source: string(stranger), Type: "Records"}, nil
	}
	return objects, nil
}

// add reads the record of a created object.
func (o *Objects) add(raw []byte) {
	var n notification
	if err := json.Unmarshal(raw, &n); err != nil {
		o.Bad = append(o.Bad, refuse(WrongShape, "read a record of S3: %w", err))
		return
	}
	key := n.S3.Object.Key
	decoded, err := url.QueryUnescape(key.text)
	if err != nil {
		o.Bad = append(o.Bad, refuse(KeyEncoding, "bucket %.255q, key %.100q: %w", n.S3.Bucket.Name, key.text, err))
		return
	}
	key.text = decoded
	created, err := object(n.S3.Bucket.Name, key, run.Object{
		Size: n.S3.Object.Size, ETag: n.S3.Object.ETag, VersionID: n.S3.Object.VersionID, Sequencer: n.S3.Object.Sequencer,
	})
	if err != nil {
		o.Bad = append(o.Bad, err)
		return
	}
	o.Created = append(o.Created, Created{Object: created, How: string(n.Name), At: time.Time(n.Time)})
}

// object checks what an event says of an object. The key is as S3 knows it. A size that the event does not give is
// zero.
func object(bucket string, key keyText, o run.Object) (run.Object, error) {
	o.Bucket, o.Key = bucket, key.text
	switch {
	case bucket == "":
		return o, refuse(MissingBucket, "an object in no bucket")
	case key.text == "":
		return o, refuse(MissingKey, "bucket %.255q: an object without a key", bucket)
	case len(key.text) > MaxKey:
		return o, refuse(KeyTooLong, "bucket %.255q: a key of %d bytes", bucket, len(key.text))
	case key.broken || !utf8.ValidString(key.text):
		return o, refuse(KeyEncoding, "bucket %.255q, key %.100q is not UTF-8", bucket, key.text)
	case strings.ContainsRune(key.text, 0):
		return o, refuse(KeyEncoding, "bucket %.255q, key %.100q holds a zero byte, which no environment variable can", bucket, key.text)
	case o.Size < 0:
		return o, refuse(SizeNegative, "bucket %.255q, key %.100q: a size of %d bytes", bucket, key.text, o.Size)
	case max(len(bucket), len(o.ETag), len(o.VersionID), len(o.Sequencer)) > maxID:
		return o, refuse(WrongShape, "bucket %.255q, key %.100q: a name of more than %d bytes", bucket, key.text, maxID)
	}
	return o, nil
}

// keyText is a key as the event wrote it. Half of a surrogate pair cannot be a key: encoding/json reads it as U+FFFD,
// which would be another object's key.
type keyText struct {
	text   string
	broken bool
}

// UnmarshalJSON reads a string.
func (k *keyText) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &k.text); err != nil {
		return err
	}
	escaped := bytes.Count(bytes.ToLower(raw), []byte(`\ufffd`)) + bytes.Count(raw, []byte("\ufffd"))
	k.broken = strings.Count(k.text, "\ufffd") > escaped
	return nil
}
