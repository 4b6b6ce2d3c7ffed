package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"slipway/tasks/internal/result"
)

const (
	// maxHeader is how many bytes of metadata a picture may have before its dimensions.
	maxHeader = 32 << 20
	// maxSide is the longest side, in pixels, that JPEG and GIF allow. It bounds what scaling a very thin picture takes.
	maxSide = 65_535
)

// picture is a decoded picture.
type picture struct {
	pixels        image.Image
	width, height int // of the canvas, as stored
	orientation   int // of EXIF, 1 to 8
}

// codec decodes one format.
type codec struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var codecs = map[string]codec{
	result.JPEG: {jpeg.DecodeConfig, jpeg.Decode},
	result.PNG:  {png.DecodeConfig, png.Decode},
	result.GIF:  {gif.DecodeConfig, gif.Decode}, // the first image of an animation
}

var signatures = []struct{ format, start string }{
	{result.JPEG, "\xff\xd8\xff"},
	{result.PNG, "\x89PNG\r\n\x1a\n"},
	{result.GIF, "GIF87a"},
	{result.GIF, "GIF89a"},
}

// formatOf tells the format by the first bytes, without consuming them.
func formatOf(r *bufio.Reader) string {
	for _, s := range signatures {
		if start, _ := r.Peek(len(s.start)); string(start) == s.start {
			return s.format
		}
	}
	return result.Other
}

// decode reads a picture. It looks at the dimensions before it makes room for the pixels, so that a few bytes cannot
// ask for all of the memory.
func decode(r io.Reader, format string, maxPixels int) (picture, error) {
	var head bytes.Buffer
	config, err := codecs[format].config(io.TeeReader(io.LimitReader(r, maxHeader), &head))
	if err != nil {
		return picture{}, damaged(format, err)
	}
	w, h := config.Width, config.Height
	switch {
	case w < 1 || h < 1:
		return picture{}, fmt.Errorf("the %s picture is damaged: it has %d × %d pixels", format, w, h)
	case w > maxSide || h > maxSide || w > maxPixels/h:
		return picture{}, fmt.Errorf("the %s picture is too large: %d × %d pixels, of %d allowed (PIXELS_MAX) and %d a side", format, w, h, maxPixels, maxSide)
	}
	p := picture{width: w, height: h, orientation: orientationOf(format, head.Bytes())}
	if p.pixels, err = codecs[format].decode(io.MultiReader(&head, r)); err != nil {
		return picture{}, damaged(format, err)
	}
	return p, nil
}

func damaged(format string, err error) error {
	var unsupportedJPEG jpeg.UnsupportedError
	var unsupportedPNG png.UnsupportedError
	if errors.As(err, &unsupportedJPEG) || errors.As(err, &unsupportedPNG) {
		return fmt.Errorf("the %s picture is of a kind that is not supported: %w", format, err)
	}
	return fmt.Errorf("the %s picture is damaged: %w", format, err)
}
