package ledger

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The attributes of a run's document: as it is while it is short, so that it can be read in the console, and compressed
// where it is not. DynamoDB bills each KB of an item and of its entry in an index with each write, and a run's document
// has 1.2 to 2.5 KB of which two thirds are repetition.
const (
	plainDoc  = "doc"
	packedDoc = "z"
	longDoc   = 512 // bytes
	// maxDoc bounds what a packed document may become: an item holds 400 KB at most, packed.
	maxDoc = 8 << 20
)

// dictionary is what most documents have in common, so that even the first occurrence takes few bytes. It is part of the
// layout: whatever was packed with it can be read with this very text alone.
const dictionary = `"previous":[{"attempt":"s3_batch"}]"links":"https://docs.aws.amazon.com/"reason":"severity":"error","retryable":true,` +
	`"owed":["event","mail","nudge","started","members","tally"],"slot":true,"place":{"zone":1},"wish":"cancel","notBefore":"launchDeadline":` +
	`"objects":{"members":["bytes":"sealed":true},"manifestUrl":"s3://","reportUrl":"ephemeralStorage":"timeout":"runningWithin":` +
	`"securityGroups":["sg-0"],"publicIp":true,"cpu":1024,"memory":2048,"command":["subnets":["subnet-0","FARGATE_SPOT","EC2","EXTERNAL",` +
	`{"name":"S3_BATCH_MANIFEST"},{"name":"SCHEDULED_TIME"},{"name":"INTERVAL_START","why":"claimed for FARGATE","capacity":"FARGATE",` +
	`"definition":"arn:aws:ecs:us-east-1:123456789012:task-definition/"taskArn":"arn:aws:ecs:eu-west-1:123456789012:task/` +
	`{"id":"job":"state":"succeeded","trigger":"schedule","input":{"scheduledTime":"2026-01-01T00:00:00Z","intervalStart":"trigger":"s3",` +
	`"input":{"object":{"bucket":"key":"versionId":"etag":"sequencer":"size":}},"attempt":1,"launch":1,"member":"notBefore":"2026-` +
	`"launchDeadline":"2026-"admittedAt":"2026-"claimedAt":"2026-"acceptedAt":"2026-"startedAt":"2026-"endedAt":"2026-"decision":{"cluster":"` +
	`"container":"main","step":0,"environment":[{"name":"S3_BUCKET","value":"},{"name":"S3_ETAG","value":"},{"name":"S3_KEY","value":"},` +
	`{"name":"S3_SEQUENCER","value":"},{"name":"S3_SIZE","value":"},{"name":"S3_VERSION_ID","value":"},{"name":"SLIPWAY_ATTEMPT","value":"1"},` +
	`{"name":"SLIPWAY_JOB","value":"},{"name":"SLIPWAY_RUN_ID","value":"},{"name":"SLIPWAY_STACK","value":"slipway-"}]},"taskVersion":1,` +
	`"outcome":{"class":"application-error","class":"succeeded","severity":"info","expected":true,"container":"main","exitCode":0,` +
	`"summary":"The container that matters ended with exit code 0.","remedy":"Nothing."},"history":[{"at":"2026-01-01T00:00:00Z","state":"queued",` +
	`"attempt":1,"launch":1,"why":"admitted"},{"at":"2026-01-01T00:00:00Z","state":"starting","attempt":1,"launch":1,"why":"accepted by ECS",` +
	`"taskArn":"arn:aws:ecs:"},{"at":"2026-01-01T00:00:00Z","state":"running","attempt":1,"launch":1},{"at":"2026-01-01T00:00:00Z","state":` +
	`"succeeded","attempt":1,"launch":1,"why":"succeeded","class":"succeeded","exitCode":0}]}`

// packers are kept because a new one allocates more than a megabyte.
var packers = sync.Pool{New: func() any {
	w, err := flate.NewWriterDict(io.Discard, flate.DefaultCompression, []byte(dictionary))
	if err != nil {
		panic("ledger: " + err.Error()) // the level is one that there is
	}
	return w
}}

// putDoc writes a document into an item.
func putDoc(it item, doc []byte) {
	if len(doc) <= longDoc {
		it[plainDoc] = text(string(doc))
		return
	}
	var out bytes.Buffer
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	w.Reset(&out)
	_, _ = w.Write(doc) // a buffer takes everything
	_ = w.Close()
	it[packedDoc] = &types.AttributeValueMemberB{Value: out.Bytes()}
}

// docOf reads the document of an item. An item without one has an empty one.
func docOf(it item) ([]byte, error) {
	packed, ok := it[packedDoc].(*types.AttributeValueMemberB)
	if !ok {
		return []byte(textOf(it, plainDoc)), nil
	}
	doc, err := io.ReadAll(io.LimitReader(flate.NewReaderDict(bytes.NewReader(packed.Value), []byte(dictionary)), maxDoc+1))
	if err == nil && len(doc) > maxDoc {
		err = fmt.Errorf("it is longer than %d bytes", maxDoc)
	}
	if err != nil {
		return nil, fmt.Errorf("unpack the document of %s: %w", textOf(it, PartitionKey), err)
	}
	return doc, nil
}

// sameDoc reports whether two items hold the same document. What one release packs is the same each time.
func sameDoc(a, b item) bool {
	x, packed := a[packedDoc].(*types.AttributeValueMemberB)
	y, both := b[packedDoc].(*types.AttributeValueMemberB)
	if packed || both {
		return packed && both && bytes.Equal(x.Value, y.Value)
	}
	return textOf(a, plainDoc) == textOf(b, plainDoc)
}
