package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"

	"slipway/tasks/internal/result"
)

const (
	// thumbnailSide is the longest side of a thumbnail, in pixels. A smaller picture keeps its size.
	thumbnailSide    = 256
	thumbnailQuality = 85
)

// scaled is the picture in the size of a thumbnail, upright. An image of a GIF may cover only a part of its canvas.
func scaled(p picture) *image.RGBA {
	w, h := fit(p.width, p.height, thumbnailSide)
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	b := p.pixels.Bounds()
	if b.Dx() == p.width && b.Dy() == p.height {
		draw.CatmullRom.Scale(dst, dst.Rect, p.pixels, b, draw.Src, nil)
		return turn(dst, p.orientation)
	}
	part := image.Rect(b.Min.X*w/p.width, b.Min.Y*h/p.height, max(1, b.Max.X*w/p.width), max(1, b.Max.Y*h/p.height))
	draw.CatmullRom.Scale(dst, part, p.pixels, b, draw.Src, nil)
	return turn(dst, p.orientation)
}

// fit is the size of w × h with no side longer than side, in the same proportion, and no side below one.
func fit(w, h, side int) (int, int) {
	longest := max(w, h)
	if longest <= side {
		return w, h
	}
	return max(1, (w*side+longest/2)/longest), max(1, (h*side+longest/2)/longest)
}

// encode is a thumbnail as a file, and its content type: JPEG for photographs, else PNG, which keeps transparency.
func encode(thumbnail *image.RGBA, format string) ([]byte, string, error) {
	var b bytes.Buffer
	if format == result.JPEG {
		if err := jpeg.Encode(&b, thumbnail, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
			return nil, "", fmt.Errorf("encode thumbnail: %w", err)
		}
		return b.Bytes(), "image/jpeg", nil
	}
	if err := png.Encode(&b, thumbnail); err != nil {
		return nil, "", fmt.Errorf("encode thumbnail: %w", err)
	}
	return b.Bytes(), "image/png", nil
}
