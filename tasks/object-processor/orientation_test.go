package main

import (
	"bytes"
	"image"
	"image/color"
	"testing"

	"slipway/tasks/internal/result"
)

// withOrientation puts an EXIF segment behind the start of a JPEG file.
func withOrientation(file []byte, orientation byte) []byte {
	exif := append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), orientation, 0, 0, 0, 0, 0, 0)
	segment := append([]byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...) //nolint:gosec // short
	return append(append(bytes.Clone(file[:2]), segment...), file[2:]...)
}

func TestAThumbnailStandsUpright(t *testing.T) {
	stored := image.NewRGBA(image.Rect(0, 0, 64, 32)) // its top left quarter is white
	for y := range 16 {
		for x := range 32 {
			stored.Set(x, y, color.White)
		}
	}
	left, top, right, bottom := 4, 4, -5, -5 // where the white corner is shown, from the near edge
	for orientation, corner := range map[byte]image.Point{
		1: {left, top}, 2: {right, top}, 3: {right, bottom}, 4: {left, bottom},
		5: {left, top}, 6: {right, top}, 7: {right, bottom}, 8: {left, bottom}, 9: {left, top},
	} {
		p, err := decode(bytes.NewReader(withOrientation(asJPEG(t, stored), orientation)), result.JPEG, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		got := scaled(p)
		size := image.Pt(64, 32)
		if orientation >= 5 && orientation <= 8 {
			size = image.Pt(32, 64)
		}
		if got.Rect.Size() != size {
			t.Errorf("orientation %d: got %v, want %v", orientation, got.Rect.Size(), size)
			continue
		}
		at := image.Pt((corner.X+size.X)%size.X, (corner.Y+size.Y)%size.Y)
		if c := got.RGBAAt(at.X, at.Y); c.R < 200 {
			t.Errorf("orientation %d: got %v at %v, want white", orientation, c, at)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06"))
	f.Add([]byte("Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, head []byte) {
		if got := orientationOf(result.JPEG, head); got < 1 || got > 8 {
			t.Errorf("got %d", got)
		}
	})
}
