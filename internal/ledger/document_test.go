package ledger

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func BenchmarkPutDoc(b *testing.B) {
	doc := []byte(strings.Repeat(dictionary[300:900], 4))
	b.ReportAllocs()
	for b.Loop() {
		putDoc(item{}, doc)
	}
}

func TestDocumentsComeBackAsTheyWere(t *testing.T) {
	for name, doc := range map[string]string{
		"none":                   "",
		"a short one":            `{"id":"x"}`,
		"the longest plain one":  strings.Repeat("x", longDoc),
		"the shortest packed":    strings.Repeat("x", longDoc+1),
		"a large one":            strings.Repeat(`{"key":"`+strings.Repeat("ä", 500)+`"}`, 300),
		"nothing that repeats":   string(noise(4096)),
		"that of the dictionary": dictionary,
	} {
		t.Run(name, func(t *testing.T) {
			it := item{}
			putDoc(it, []byte(doc))
			got, err := docOf(it)
			if err != nil || string(got) != doc {
				t.Errorf("%d bytes came back as %d, %v", len(doc), len(got), err)
			}
			again := item{}
			putDoc(again, []byte(doc))
			if !sameDoc(it, again) {
				t.Error("the same document is not the same in two items")
			}
			putDoc(again, []byte(doc+" "))
			if sameDoc(it, again) {
				t.Error("another document is the same")
			}
		})
	}
}

// noise is bytes that no compression shortens, the same each time.
func noise(n int) []byte {
	out, x := make([]byte, n), uint32(1)
	for i := range out {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		out[i] = byte(x & 0xff)
	}
	return out
}

func TestDocumentsThatAreDamagedAreRefused(t *testing.T) {
	whole := item{}
	putDoc(whole, []byte(strings.Repeat(dictionary, 2)))
	packed := whole[packedDoc].(*types.AttributeValueMemberB).Value
	huge := item{}
	putDoc(huge, bytes.Repeat([]byte(" "), maxDoc+1))
	for name, value := range map[string][]byte{
		"cut off": packed[:len(packed)/2], "no DEFLATE": []byte("not packed at all, whatever it says"), "nothing": {},
		"larger than any run": huge[packedDoc].(*types.AttributeValueMemberB).Value,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := docOf(item{PartitionKey: text("run#x"), packedDoc: &types.AttributeValueMemberB{Value: value}}); err == nil || !strings.Contains(err.Error(), "run#x") {
				t.Errorf("error = %v, want one that names the item", err)
			}
		})
	}
}

// TestTheDictionaryIsPartOfTheLayout fails when somebody improves it: what was packed with it could not be read any more.
func TestTheDictionaryIsPartOfTheLayout(t *testing.T) {
	const want = "dac5a8c7875442303ff0a0f0d1f6454d6cfdc4fad30684620dc311aeb2ce415e"
	if got := fmt.Sprintf("%x", sha256.Sum256([]byte(dictionary))); got != want {
		t.Errorf("the dictionary has the hash %s, and layout 3 was written with %s: put it back, and give a new one another attribute", got, want)
	}
}
