package main

import (
	"bytes"
	"encoding/binary"
	"image"

	"slipway/tasks/internal/result"
)

// The parts of EXIF that are read. https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf, section 4.
const (
	orientationTag = 0x0112
	shortType      = 3
	entrySize      = 12
	upright        = 1
)

// orientationOf finds how a JPEG picture must be turned to be shown, 1 to 8. Anything unusual means upright: a
// thumbnail that lies on its side is no reason to fail.
func orientationOf(format string, head []byte) int {
	if format != result.JPEG {
		return upright
	}
	_, tiff, found := bytes.Cut(head, []byte("Exif\x00\x00"))
	if !found || len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	return findOrientation(tiff, order)
}

func findOrientation(tiff []byte, order binary.ByteOrder) int {
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return upright
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entrySize {
			return upright
		}
		if order.Uint16(entries) == orientationTag && order.Uint16(entries[2:]) == shortType {
			return valid(int(order.Uint16(entries[8:])))
		}
		entries = entries[entrySize:]
	}
	return upright
}

func valid(orientation int) int {
	if orientation < 1 || orientation > 8 {
		return upright
	}
	return orientation
}

// swaps reports whether an orientation exchanges width and height.
func swaps(orientation int) bool { return orientation >= 5 }

// turn returns the picture as it is to be shown.
func turn(src *image.RGBA, orientation int) *image.RGBA {
	if orientation <= upright {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if swaps(orientation) {
		size = image.Rect(0, 0, h, w)
	}
	dst := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			sx, sy := turned(orientation, x, y, w-1, h-1)
			dst.SetRGBA(x, y, src.RGBAAt(sx, sy))
		}
	}
	return dst
}

// turned is where the pixel that is shown at x, y is stored, in a picture whose last column and row are right and
// bottom.
func turned(orientation, x, y, right, bottom int) (int, int) {
	switch orientation {
	case 2: // mirrored
		return right - x, y
	case 3: // upside down
		return right - x, bottom - y
	case 4: // mirrored and upside down
		return x, bottom - y
	case 5: // mirrored and on its side
		return y, x
	case 6: // to be turned to the right
		return y, bottom - x
	case 7: // mirrored and on its other side
		return right - y, bottom - x
	case 8: // to be turned to the left
		return right - y, x
	}
	return x, y
}
