package result

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// The names of the results of one object, under its key.
const (
	DescriptionName = "description.json"
	thumbnailName   = "thumbnail"
)

// maxKey is the longest key of S3, in bytes of UTF-8.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const maxKey = 1024

// Keys are where the results of one object are stored.
type Keys struct{ folder string }

// KeysFor returns the keys for the results of the object with the given key: the key as a folder. A key that leaves no
// room for the names of the results is cut between two characters, and a hash of the whole key is appended, so that
// two long keys never share their results. The description holds the whole key.
func KeysFor(key string) Keys {
	room := maxKey - len("/") - len(DescriptionName)
	if len(key) <= room {
		return Keys{key}
	}
	sum := sha256.Sum256([]byte(key))
	hash := "~" + hex.EncodeToString(sum[:16])
	return Keys{cut(key, room-len(hash)) + hash}
}

// cut returns at most n bytes of s and never half a character.
func cut(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Description is the key of the description. It is written last, so that whoever finds it finds everything.
func (k Keys) Description() string { return k.folder + "/" + DescriptionName }

// Thumbnail is the key of the thumbnail of a picture of the given format. Photographs stay JPEG; PNG keeps the
// transparency of the others.
func (k Keys) Thumbnail(format string) string {
	if format == JPEG {
		return k.folder + "/" + thumbnailName + ".jpg"
	}
	return k.folder + "/" + thumbnailName + ".png"
}

// IsDescription reports whether a key of the results bucket is that of a description.
func IsDescription(key string) bool { return strings.HasSuffix(key, "/"+DescriptionName) }
