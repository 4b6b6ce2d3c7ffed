package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
)

// Format is how a picture is stored, by the name that package image gives it.
type Format string

// The formats that the object processor makes thumbnails of.
const (
	PNG  Format = "png"
	JPEG Format = "jpeg"
	GIF  Format = "gif"
)

// Make returns a picture of that many pixels. The seed tells pictures of one format and size apart.
func Make(f Format, width, height int, seed uint8) ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetNRGBA(x, y, color.NRGBA{
				R: uint8(x * 255 / width), G: uint8(y * 255 / height), B: uint8(x^y) ^ seed, A: 255, //nolint:gosec // colours may wrap
			})
		}
	}
	var b bytes.Buffer
	if err := encode(&b, f, img); err != nil {
		return nil, fmt.Errorf("make a %s: %w", f, err)
	}
	return b.Bytes(), nil
}

func encode(b *bytes.Buffer, f Format, img image.Image) error {
	switch f {
	case PNG:
		return png.Encode(b, img)
	case JPEG:
		return jpeg.Encode(b, img, nil)
	case GIF:
		return gif.Encode(b, img, nil)
	}
	return fmt.Errorf("unknown format %q", f) //nolint:err113 // a mistake in a program
}

// Corrupt returns the beginning of a picture: it says what it is, and then it is cut off.
func Corrupt(f Format, seed uint8) ([]byte, error) {
	whole, err := Make(f, 64, 48, seed)
	if err != nil {
		return nil, err
	}
	return whole[:len(whole)*2/3], nil
}
