package picture

import (
	"bytes"
	"image"
	"testing"
)

func TestMake(t *testing.T) {
	t.Parallel()
	for _, f := range []Format{PNG, JPEG, GIF} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			b, err := Make(f, 40, 30, 7)
			if err != nil {
				t.Fatal(err)
			}
			img, format, err := image.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if got := img.Bounds().Size(); format != string(f) || got != image.Pt(40, 30) {
				t.Errorf("got a %s of %v, want a %s of 40 x 30", format, got, f)
			}
			broken, err := Corrupt(f, 7)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := image.Decode(bytes.NewReader(broken)); err == nil {
				t.Error("the corrupt picture can be read")
			}
			if _, got, err := image.DecodeConfig(bytes.NewReader(broken)); err != nil || got != string(f) {
				t.Errorf("got format %q and %v, want the corrupt picture to begin like a %s", got, err, f)
			}
		})
	}
}
