package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// depot is a registry for container images, and the part of ECR's API that a deployment asks about it. It speaks enough of
// the protocol of registries that an engine can push to it and pull from it, and demands the password of ECR.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md
type depot struct {
	t *testing.T

	mu        sync.Mutex // protects following fields
	blobs     map[string][]byte
	manifests map[string]manifest // by NAME:TAG and NAME@DIGEST
	uploads   map[string][]byte
	pushed    []string // NAME:TAG
}

type manifest struct {
	text   []byte
	kind   string
	digest string
}

func newDepot(t *testing.T) *httptest.Server {
	t.Helper()
	s := &depot{t: t, blobs: map[string][]byte{}, manifests: map[string]manifest{}, uploads: map[string][]byte{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server
}

const storePassword = "secret of the registry"

var storePath = regexp.MustCompile(`^/v2/(.+)/(blobs/uploads|blobs|manifests)/([^/]*)$`)

func (s *depot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		s.ecr(w, target[strings.LastIndexByte(target, '.')+1:], body)
		return
	}
	if user, password, _ := r.BasicAuth(); user != "AWS" || password != storePassword {
		w.Header().Set("WWW-Authenticate", `Basic realm="ECR"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	m := storePath.FindStringSubmatch(r.URL.Path)
	switch {
	case m == nil: // the root says that this is a registry
	case m[2] == "manifests" && r.Method == http.MethodPut:
		found := manifest{body, r.Header.Get("Content-Type"), digestOf(body)}
		s.manifests[m[1]+":"+m[3]], s.manifests[m[1]+"@"+found.digest] = found, found
		s.pushed = append(s.pushed, m[1]+":"+m[3])
		w.Header().Set("Docker-Content-Digest", found.digest)
		w.WriteHeader(http.StatusCreated)
	case m[2] == "manifests":
		found, ok := s.manifests[m[1]+":"+m[3]]
		if !ok {
			found = s.manifests[m[1]+"@"+m[3]]
		}
		w.Header().Set("Content-Type", found.kind)
		w.Header().Set("Docker-Content-Digest", found.digest)
		give(w, r, found.text)
	case m[2] == "blobs":
		give(w, r, s.blobs[m[3]])
	default:
		s.upload(w, r, m[1], m[3], body)
	}
}

// give answers with content, or that there is none.
func give(w http.ResponseWriter, r *http.Request, text []byte) {
	if text == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(text)
	}
}

// upload takes a layer in pieces. Content of another digest than the engine says is refused.
func (s *depot) upload(w http.ResponseWriter, r *http.Request, name, id string, body []byte) {
	if r.Method == http.MethodPost {
		id = fmt.Sprint(len(s.uploads) + 1)
	}
	s.uploads[id] = append(s.uploads[id], body...)
	w.Header().Set("Location", "/v2/"+name+"/blobs/uploads/"+id)
	w.Header().Set("Range", fmt.Sprintf("0-%d", max(len(s.uploads[id])-1, 0)))
	if r.Method != http.MethodPut {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	digest := digestOf(s.uploads[id])
	if digest != r.URL.Query().Get("digest") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.blobs[digest] = s.uploads[id]
	w.Header().Set("Docker-Content-Digest", digest)
	w.WriteHeader(http.StatusCreated)
}

func digestOf(text []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(text)) }

// ecr answers as ECR does about what is in the registry.
func (s *depot) ecr(w http.ResponseWriter, operation string, body []byte) {
	var in struct {
		RepositoryName string
		ImageIDs       []struct{ ImageTag string }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		s.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	switch operation {
	case "GetAuthorizationToken":
		_, _ = fmt.Fprintf(w, `{"authorizationData":[{"authorizationToken":%q}]}`, base64.StdEncoding.EncodeToString([]byte("AWS:"+storePassword)))
	case "DescribeImages":
		found, ok := s.manifests[in.RepositoryName+":"+in.ImageIDs[0].ImageTag]
		if !ok {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"ImageNotFoundException","message":"no"}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"imageDetails":[{"imageDigest":%q}]}`, found.digest)
	default:
		s.t.Errorf("nobody answers %s", operation)
	}
}

// TestDeployPushesImagesThatAnEnginePullsByTheirDigests lets the real programs build, sign in and push; only sam is
// stood in for. What the stack is given is then pulled from the registry.
func TestDeployPushesImagesThatAnEnginePullsByTheirDigests(t *testing.T) {
	if exec.CommandContext(t.Context(), "docker", "version").Run() != nil {
		t.Skip("no container engine answers: start dockerd")
	}
	t.Setenv("DOCKER_CONFIG", t.TempDir()) // where the engine's client keeps the password
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	d := newDeployment(t)
	server := newDepot(t)
	host := strings.TrimPrefix(server.URL, "http://")
	d.env["AWS_ENDPOINT_URL_ECR"] = server.URL
	env := unique(t, "env")
	env = env[len(env)-12:]
	formation := cloudformation.NewFromConfig(d.cfg)
	var given string
	d.world.external = func(ctx context.Context, c command) error {
		switch {
		case c.args[0] != "sam":
			if c.args[0] == "go" { // the clone of the test is a folder of links
				c.dir, c.args[slices.Index(c.args, "-o")+1] = "../..", filepath.Join(c.dir, c.args[slices.Index(c.args, "-o")+1])
			}
			return runCommand(ctx, c)
		case c.args[1] == "deploy" && slices.Contains(c.args, filepath.Join("templates", "images.yaml")):
			return d.createFrom(formation, "slipway-"+env+"-images", repositories(host, env))
		case c.args[1] == "deploy":
			given = strings.Join(c.args, " ")
			return d.createFrom(formation, "slipway-"+env, smallStack)
		}
		return nil
	}
	d.run(0, "generate")
	d.world.terminal = true
	d.settingsOf(env, "Architecture="+architecture+"\nNotificationEmail=\n")
	d.world.in = strings.NewReader("\n")
	d.deploy(0, "--env", env)

	images := regexp.MustCompile(`[A-Za-z]+Image="([^"]+)"`).FindAllStringSubmatch(given, -1)
	if len(images) != 3 {
		t.Fatalf("the stack got %q, want three images", given)
	}
	for _, m := range images {
		image := m[1]
		if !strings.HasPrefix(image, host) || !strings.Contains(image, "@sha256:") {
			t.Errorf("image %s, want one of the registry by its digest", image)
		}
		docker(t, "image", "rm", "--force", docker(t, "image", "ls", "--quiet", strings.Split(image, "@")[0]))
		docker(t, "pull", image)
		if got := docker(t, "image", "inspect", "--format", "{{.Architecture}}", image); got != runtime.GOARCH {
			t.Errorf("image %s is for %s, want %s", image, got, runtime.GOARCH)
		}
		docker(t, "image", "rm", "--force", image)
	}
	registry, _ := server.Config.Handler.(*depot)
	first := len(registry.pushed)
	d.deploy(0, "--env", env, "--yes")
	if first != 3 || len(registry.pushed) != 3 {
		t.Errorf("pushed %q, want three images once", registry.pushed)
	}
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", args...).CombinedOutput() //nolint:gosec // of the test
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// repositories is a stack that has the outputs of templates/images.yaml, with the registry of the test.
func repositories(host, env string) string {
	outputs := map[string]any{}
	for _, r := range examples() {
		outputs[r.output] = map[string]string{"Value": host + "/slipway-" + env + "/" + r.folder}
	}
	text, _ := json.Marshal(map[string]any{ // of strings: always possible
		"Resources": map[string]any{"Nothing": map[string]string{"Type": "AWS::SNS::Topic"}}, "Outputs": outputs,
	})
	return string(text)
}
