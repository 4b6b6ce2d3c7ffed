package run

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ID names a run. It is derived from what the run is for, never random, so that the same event gives the same run.
type ID string

// idLength is how many base32 characters of the hash an object's run ID carries: 130 bits.
const idLength = 26

const scheduledLayout = "20060102T150405Z"

// lowerBase32 keeps IDs inside the characters that startedBy accepts.
var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ObjectID is the ID of the run of one job for one version of one object. Objects of versioned buckets are told apart by
// the version ID, others by the sequencer of the event, and by their ETag where an event has neither.
func ObjectID(stack, job string, o Object) ID {
	version := o.VersionID
	if version == "" || version == "null" { // "null" is the version of an object in an unversioned bucket
		version = o.Sequencer
	}
	if version == "" {
		version = o.ETag
	}
	sum := digest(stack, job, o.Bucket, o.Key, version)
	return ID(job + "-" + lowerBase32.EncodeToString(sum[:])[:idLength])
}

// ScheduledID is the ID of the run of one job for one scheduled time, to the second, in UTC.
func ScheduledID(job string, at time.Time) ID {
	return ID(job + "-" + at.UTC().Format(scheduledLayout))
}

// IndexedID is ScheduledID for one of several runs of one scheduled time.
func IndexedID(job string, at time.Time, index int) ID {
	return ScheduledID(job, at) + ID("-"+strconv.Itoa(index))
}

// ManualID is the ID of a run started by hand. Key is chosen by the caller; the same key gives the same run.
func ManualID(stack, job, key string) ID {
	sum := digest(stack, job, "manual", key)
	return ID(job + "-" + lowerBase32.EncodeToString(sum[:])[:idLength])
}

// BatchID is the ID of a batch of a job: of the runs that it begins with, at the attempts that they are at together, and
// of where it comes from: a batch that was split, or a word.
func BatchID(stack, job, from string, members []ID, attempts int) ID {
	parts := []string{stack, job, "batch", from, strconv.Itoa(attempts)}
	for _, m := range members {
		parts = append(parts, string(m))
	}
	sum := digest(parts...)
	return ID(job + "-" + lowerBase32.EncodeToString(sum[:])[:idLength])
}

// Newest names what is known of the versions of one key for one job; see Change.Newest.
func Newest(job string, o Object) string {
	sum := digest(job, o.Bucket, o.Key)
	return job + "-" + lowerBase32.EncodeToString(sum[:])[:idLength]
}

// sequencerLength is longer than any sequencer of S3, which has 16 or 18 hexadecimal digits.
const sequencerLength = 64

// ComparableSequencer is a sequencer as text that orders as S3 says: the shorter one is padded with zeros on the right,
// then both are compared. It is empty for an object that has none, and for one longer than any that S3 sends.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
func ComparableSequencer(o Object) string {
	if o.Sequencer == "" || len(o.Sequencer) > sequencerLength {
		return ""
	}
	return strings.ToUpper(o.Sequencer) + strings.Repeat("0", sequencerLength-len(o.Sequencer))
}

// Token is the client token for a launch: 64 hexadecimal characters, which is what RunTask allows.
// The launch decision stored in the run makes sure that the same token always comes with the same parameters, which
// is what ECS demands (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html).
func Token(stack string, r Run) string {
	sum := digest(stack, string(r.ID), strconv.Itoa(r.Attempt), strconv.Itoa(r.Launch))
	return hex.EncodeToString(sum[:])
}

// digest hashes parts with their lengths, so that no two lists of parts give the same input.
func digest(parts ...string) [sha256.Size]byte {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%d:%s", len(p), p)
	}
	return sha256.Sum256([]byte(b.String()))
}

const startedByPrefix = "slipway/"

// maxStartedBy is what RunTask allows for startedBy.
const maxStartedBy = 128

// validName reports whether a name has 1 to 40 characters, each allowed. A regular expression would cost each cold start
// the time to compile it.
func validName(name string, allowed func(c byte) bool) bool {
	for i := range len(name) {
		if !allowed(name[i]) {
			return false
		}
	}
	return 1 <= len(name) && len(name) <= 40
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func inStackName(c byte) bool { return isLower(c) || isUpper(c) || isDigit(c) || c == '-' }
func inJobName(c byte) bool   { return isLower(c) || isDigit(c) || c == '-' }

// ValidStackName returns an error unless the name is one of CloudFormation's, and short enough to fit into startedBy
// together with the longest run ID and attempt.
func ValidStackName(name string) error {
	if !validName(name, inStackName) || !isLower(name[0]) && !isUpper(name[0]) {
		return fmt.Errorf("stack name %q: use a letter, then up to 39 of letters, digits and hyphen", name)
	}
	return nil
}

// StartedBy is the startedBy of an attempt, at most 128 of the characters that ECS allows: the state-change event
// brings it back.
func StartedBy(stack string, id ID, attempt int) string {
	return startedByPrefix + stack + "/" + string(id) + "/" + strconv.Itoa(attempt)
}

// ParseStartedBy takes a startedBy apart. It returns false for any that Slipway did not write.
func ParseStartedBy(s string) (stack string, id ID, attempt int, ok bool) {
	parts := strings.Split(s, "/")
	if len(s) > maxStartedBy || len(parts) != 4 || parts[0]+"/" != startedByPrefix {
		return "", "", 0, false
	}
	attempt, err := strconv.Atoi(parts[3])
	if err != nil || attempt < 1 || strconv.Itoa(attempt) != parts[3] || parts[1] == "" || parts[2] == "" {
		return "", "", 0, false
	}
	return parts[1], ID(parts[2]), attempt, true
}
