package s3test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Server holds objects by "bucket/key".
type Server struct {
	URL string

	mu      sync.Mutex
	objects map[string][]byte
	gets    map[string]http.HandlerFunc
	puts    []string
}

// New starts a server that ends with the test.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{objects: map[string][]byte{}, gets: map[string]http.HandlerFunc{}}
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	tb.Cleanup(server.CloseClientConnections)
	s.URL = server.URL
	return s
}

// Environment is what a container needs to use the server as AWS.
func (s *Server) Environment() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + s.URL, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1",
	}
}

// Set stores an object.
func (s *Server) Set(name string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[name] = content
}

// Answer makes h answer whoever gets the object.
func (s *Server) Answer(name string, h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gets[name] = h
}

// Get returns an object, or nil.
func (s *Server) Get(name string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[name]
}

// Puts lists what was put, in order.
func (s *Server) Puts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.puts...)
}

// Fail answers with an error of S3.
func Fail(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>no</Message></Error>")
	}
}

// ServeHTTP answers GetObject and PutObject.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if r.Method == http.MethodPut {
		s.put(w, r, name)
		return
	}
	s.mu.Lock()
	answer, content := s.gets[name], s.objects[name]
	s.mu.Unlock()
	switch {
	case answer != nil:
		answer(w, r)
	case content == nil:
		Fail(http.StatusNotFound, "NoSuchKey")(w, r)
	default:
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Header().Set("ETag", `"etag"`)
		_, _ = w.Write(content)
	}
}

func (s *Server) put(w http.ResponseWriter, r *http.Request, name string) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[name] = content
	s.puts = append(s.puts, name)
}
