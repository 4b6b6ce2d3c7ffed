package main

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/tasks/internal/result"
	"slipway/tasks/internal/s3test"
)

// The tests run the program itself, as a process of its own: this test binary becomes it.
func TestMain(m *testing.M) {
	if os.Getenv("BE_OBJECT_PROCESSOR") != "" {
		main()
	}
	os.Exit(m.Run())
}

// start runs the program on an object of the bucket "uploads".
func start(t *testing.T, s *s3test.Server, key string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "process", "s3://uploads/"+key) //nolint:gosec // this test binary
	cmd.Env = append(s.Environment(), "BE_OBJECT_PROCESSOR=1", "RESULTS_BUCKET=results", "S3_BUCKET=uploads", "S3_KEY="+key,
		"SLIPWAY_RUN_ID=images-abc", "SLIPWAY_ATTEMPT=2")
	return cmd
}

// shipped builds the program as it is shipped: what it needs of memory is not what a test binary needs.
func shipped(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "object-processor")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", program, ".") //nolint:gosec // a folder of this test
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return program
}

type ended struct {
	code   int
	stderr string
	memory int64 // the most it had, in bytes
}

func finish(t *testing.T, cmd *exec.Cmd, stderr *bytes.Buffer) ended {
	t.Helper()
	most := make(chan int64, 1)
	done := make(chan struct{})
	go func() { most <- peak(cmd.Process.Pid, done) }()
	err := cmd.Wait()
	close(done)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ended{cmd.ProcessState.ExitCode(), stderr.String(), <-most}
}

// peak is the most memory that a process had while it ran. The usage that the system reports at its end is of no use:
// it begins with what this process had when it started the other.
func peak(pid int, done <-chan struct{}) int64 {
	most := int64(0)
	for {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, rest, ok := strings.Cut(string(text), "VmHWM:"); ok {
			var kib int64
			if _, err := fmt.Sscan(rest, &kib); err == nil {
				most = max(most, kib<<10)
			}
		}
		select {
		case <-done:
			return most
		case <-time.After(5 * time.Millisecond): // another program: there is no clock to pass
		}
	}
}

func process(t *testing.T, s *s3test.Server, key string) ended {
	t.Helper()
	return runToEnd(t, start(t, s, key))
}

func processShipped(t *testing.T, s *s3test.Server, key string) ended {
	t.Helper()
	program, cmd := shipped(t), start(t, s, key)
	cmd.Path = program
	return runToEnd(t, cmd)
}

func runToEnd(t *testing.T, cmd *exec.Cmd) ended {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return finish(t, cmd, &stderr)
}

func description(t *testing.T, s *s3test.Server, key string) result.Description {
	t.Helper()
	var d result.Description
	if err := json.Unmarshal(s.Get("results/"+result.KeysFor(key).Description()), &d); err != nil {
		t.Fatalf("description of %q: %v", key, err)
	}
	return d
}

func drawing(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), uint8(x * y), 255}) //nolint:gosec // only colours
		}
	}
	return m
}

func asPNG(t *testing.T, m image.Image) []byte {
	return encoded(t, func(w io.Writer) error { return png.Encode(w, m) })
}

func asJPEG(t *testing.T, m image.Image) []byte {
	return encoded(t, func(w io.Writer) error { return jpeg.Encode(w, m, nil) })
}

func asGIF(t *testing.T, m image.Image) []byte {
	return encoded(t, func(w io.Writer) error { return gif.Encode(w, m, nil) })
}

func encoded(t *testing.T, encode func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsMadeOfEachKindOfObject(t *testing.T) {
	s := s3test.New(t)
	for name, tc := range map[string]struct {
		key     string
		content []byte
		format  string
		width   int
		thumb   image.Point
	}{
		"a photograph":                           {"in/a.jpg", asJPEG(t, drawing(640, 320)), result.JPEG, 640, image.Pt(256, 128)},
		"a drawing":                              {"in/a b+c%25.png", asPNG(t, drawing(300, 900)), result.PNG, 300, image.Pt(85, 256)},
		"a small animation":                      {"in/日本/ä.gif", asGIF(t, drawing(40, 30)), result.GIF, 40, image.Pt(40, 30)},
		"a thin picture":                         {"in/thin.png", asPNG(t, drawing(2000, 1)), result.PNG, 2000, image.Pt(256, 1)},
		"a picture under a false name":           {"in/a.txt", asPNG(t, drawing(10, 10)), result.PNG, 10, image.Pt(10, 10)},
		"a text under the name of a picture":     {"in/b.jpg", []byte("hello"), result.Other, 0, image.Point{}},
		"nothing at all":                         {"in/empty", []byte{}, result.Other, 0, image.Point{}},
		"a picture with bytes behind its end":    {"in/tail.jpg", append(asJPEG(t, drawing(20, 20)), make([]byte, 100_000)...), result.JPEG, 20, image.Pt(20, 20)},
		"a key that is as long as keys can be":   {strings.Repeat("é", 512), asPNG(t, drawing(5, 5)), result.PNG, 5, image.Pt(5, 5)},
		"a key with a newline and a quote in it": {"in/a\n\"b", []byte("x"), result.Other, 0, image.Point{}},
	} {
		t.Run(name, func(t *testing.T) {
			s.Set("uploads/"+tc.key, tc.content)
			if got := process(t, s, tc.key); got.code != 0 || got.stderr != "" {
				t.Fatalf("got %+v, want success and silence", got)
			}
			d, sum := description(t, s, tc.key), sha256.Sum256(tc.content)
			if d.Key != tc.key || d.Bucket != "uploads" || d.Format != tc.format || d.Size != int64(len(tc.content)) ||
				d.SHA256 != hex.EncodeToString(sum[:]) || d.Width != tc.width || d.RunID != "images-abc" || d.Attempt != 2 {
				t.Errorf("got %+v", d)
			}
			checkThumbnail(t, s, d, tc.thumb)
		})
	}
}

func checkThumbnail(t *testing.T, s *s3test.Server, d result.Description, want image.Point) {
	t.Helper()
	if d.Thumbnail == nil {
		if want != (image.Point{}) {
			t.Error("got no thumbnail")
		}
		return
	}
	m, _, err := image.Decode(bytes.NewReader(s.Get("results/" + d.Thumbnail.Key)))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Bounds().Size(); got != want || d.Thumbnail.Width != want.X || d.Thumbnail.Height != want.Y {
		t.Errorf("got a thumbnail of %v, described as %+v, want %v", got, d.Thumbnail, want)
	}
}

func TestTheDescriptionIsWrittenLast(t *testing.T) {
	s := s3test.New(t)
	s.Set("uploads/a.png", asPNG(t, drawing(9, 9)))
	for range 2 { // twice is as good as once
		process(t, s, "a.png")
	}
	want := "results/a.png/thumbnail.png results/a.png/description.json"
	if got := strings.Join(s.Puts(), " "); got != want+" "+want {
		t.Errorf("got %q", got)
	}
}

func TestTrouble(t *testing.T) {
	photo, picture, animation := asJPEG(t, drawing(800, 800)), asPNG(t, drawing(800, 800)), asGIF(t, drawing(800, 800))
	flipped := bytes.Clone(picture)
	flipped[len(flipped)/2] ^= 0xff
	s := s3test.New(t)
	for name, tc := range map[string]struct {
		content []byte
		answer  http.HandlerFunc
		code    int
		says    string
	}{
		"a JPEG that ends early":          {content: photo[:len(photo)/2], code: 1, says: "the jpeg picture is damaged"},
		"a PNG that ends early":           {content: picture[:len(picture)/2], code: 1, says: "the png picture is damaged"},
		"a PNG with a wrong bit":          {content: flipped, code: 1, says: "the png picture is damaged"},
		"a GIF that ends early":           {content: animation[:len(animation)/2], code: 1, says: "the gif picture is damaged"},
		"only the signature of a JPEG":    {content: []byte("\xff\xd8\xff\xe0"), code: 1, says: "the jpeg picture is damaged"},
		"only the signature of a PNG":     {content: []byte("\x89PNG\r\n\x1a\n"), code: 1, says: "the png picture is damaged"},
		"only the signature of a GIF":     {content: []byte("GIF89a"), code: 1, says: "the gif picture is damaged"},
		"a few bytes, a sea of pixels":    {content: bomb(t, 60_000, 60_000), code: 1, says: "too large: 60000 × 60000 pixels"},
		"a side longer than any":          {content: bomb(t, 1, 1<<30), code: 1, says: "too large: 1 × 1073741824 pixels"},
		"an object that does not exist":   {code: 1, says: "the object does not exist (NoSuchKey)"},
		"no right to read it":             {answer: s3test.Fail(403, "AccessDenied"), code: 1, says: "access denied; the task role needs the right (AccessDenied)"},
		"S3 is throttling":                {answer: s3test.Fail(503, "SlowDown"), code: 75, says: "(SlowDown)"},
		"S3 has an error":                 {answer: s3test.Fail(500, "InternalError"), code: 75, says: "(InternalError)"},
		"a download that breaks off":      {answer: breakOff(photo), code: 75, says: "the download broke off"},
		"text that breaks off":            {answer: breakOff(make([]byte, 100_000)), code: 75, says: "the download broke off"},
		"a connection that never answers": {answer: hangUp, code: 75, says: "no answer: Get "},
	} {
		t.Run(name, func(t *testing.T) {
			key := strings.ReplaceAll(name, " ", "_")
			if tc.content != nil {
				s.Set("uploads/"+key, tc.content)
			}
			if tc.answer != nil {
				s.Answer("uploads/"+key, tc.answer)
			}
			got := process(t, s, key)
			if got.code != tc.code || !strings.Contains(got.stderr, tc.says) || !strings.Contains(got.stderr, "s3://uploads/"+key) {
				t.Errorf("got %d %q, want %d and %q", got.code, got.stderr, tc.code, tc.says)
			}
			if strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("got %q, want one line", got.stderr)
			}
			if s.Get("results/"+key+"/description.json") != nil {
				t.Error("a description was written for an object that was not processed")
			}
		})
	}
}

func breakOff(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content[:len(content)/2])
		panic(http.ErrAbortHandler)
	}
}

// hold never answers, and tells that somebody waits.
func hold(reached chan<- struct{}) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) { close(reached); <-r.Context().Done() }
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// bomb is a valid start of a PNG picture of any size, with data for all of it, in few bytes.
func bomb(t *testing.T, w, h uint32) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	chunk(&b, "IHDR", append(head, 8, 6, 0, 0, 0))
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	if _, err := z.Write(make([]byte, 4<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	chunk(&b, "IDAT", data.Bytes())
	return b.Bytes()
}

func chunk(b *bytes.Buffer, kind string, data []byte) {
	_ = binary.Write(b, binary.BigEndian, uint32(len(data))) //nolint:gosec // small
	whole := append([]byte(kind), data...)
	b.Write(whole)
	_ = binary.Write(b, binary.BigEndian, crc32.ChecksumIEEE(whole))
}

func TestAnObjectIsNeverHeldInMemory(t *testing.T) {
	const size = 256 << 20
	s := s3test.New(t)
	s.Answer("uploads/large", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(size))
		part := make([]byte, 1<<20)
		for range size / len(part) {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	})
	got := processShipped(t, s, "large")
	if got.code != 0 || got.memory == 0 || got.memory > 100<<20 {
		t.Errorf("got %+v, want success within 100 MiB", got)
	}
	if d := description(t, s, "large"); d.Size != size {
		t.Errorf("got %d bytes, want %d", d.Size, size)
	}
}

func TestALargePictureFitsIntoItsTask(t *testing.T) {
	s := s3test.New(t)
	m := image.NewRGBA64(image.Rect(0, 0, 7000, 7000)) // 49 million pixels of 8 bytes
	fast := png.Encoder{CompressionLevel: png.BestSpeed}
	s.Set("uploads/large.png", encoded(t, func(w io.Writer) error { return fast.Encode(w, m) }))
	if got := processShipped(t, s, "large.png"); got.code != 0 || got.memory == 0 || got.memory > 900<<20 {
		t.Errorf("got %+v, want success within 900 MiB", got)
	}
	one := listed{ID: "images-1", Bucket: "uploads", Key: "large.png"}
	program, cmd := shipped(t), start(t, s, "none")
	cmd.Path, cmd.Args = program, cmd.Args[:2]
	cmd.Env = append(cmd.Env, "SLIPWAY_MANIFEST="+asManifest(t, []listed{one, one, one}))
	if got := runToEnd(t, cmd); got.code != 0 || got.memory == 0 || got.memory > 900<<20 {
		t.Errorf("three of them in a batch: got %+v, want success within 900 MiB", got)
	}
}

func TestSIGTERMEndsItWith143(t *testing.T) {
	for name, key := range map[string]string{"while it waits for S3": "silent", "while it reads": "slow"} {
		t.Run(name, func(t *testing.T) {
			s, reached := s3test.New(t), make(chan struct{})
			s.Answer("uploads/silent", hold(reached))
			s.Answer("uploads/slow", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "1000000")
				_, _ = w.Write(asJPEG(t, drawing(9, 9))[:200])
				_ = http.NewResponseController(w).Flush()
				close(reached)
				<-r.Context().Done()
			})
			cmd := start(t, s, key)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-reached
			asked := time.Now()
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			got := finish(t, cmd, &stderr)
			if got.code != 143 || got.stderr != "object-processor: told to stop before the work was done\n" || time.Since(asked) > 5*time.Second {
				t.Errorf("got %+v after %v", got, time.Since(asked))
			}
			if len(s.Puts()) != 0 {
				t.Errorf("got results %v", s.Puts())
			}
		})
	}
}
