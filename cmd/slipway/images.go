package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/cloud/cloudformation"
	"slipway/internal/cloud/ecr"
	"slipway/internal/deploy"
)

// examples are the reference tasks, with the parameters that name their images and the outputs of templates/images.yaml
// that name their repositories.
func examples() []example {
	return []example{
		{"object-processor", "ObjectProcessorImage", "ObjectProcessorUri"},
		{"hourly-batch", "HourlyBatchImage", "HourlyBatchUri"},
		{"queue-worker", "QueueWorkerImage", "QueueWorkerUri"},
	}
}

type example struct{ folder, parameter, output string }

// needed are the reference tasks whose images the settings do not name.
func (e *environment) needed() []string {
	if examples, _ := e.settings.Value("Examples"); examples == "false" {
		return nil
	}
	var out []string
	for _, r := range examples() {
		if given, _ := e.settings.Value(r.parameter); given == "" {
			out = append(out, r.folder)
		}
	}
	return out
}

// pushes reports whether images have to be built.
func (e *environment) pushes() bool { return len(e.needed()) > 0 }

// engine reports whether a container engine answers.
func (e *environment) engine(ctx context.Context) bool {
	return e.program(ctx, command{args: []string{"docker", "version", "--format", "{{.Server.Version}}"}}) == nil
}

// images makes the repositories, pushes what they lack, and returns the settings with each image by its digest.
func (e *environment) images(ctx context.Context) (deploy.Environment, error) {
	settings := e.settings
	if !e.pushes() {
		return settings, nil
	}
	template := filepath.Join("templates", "images.yaml")
	if err := e.sam(ctx, template, e.imagesStack(), []string{deploy.Quoted("Stack=" + e.repositories())}); err != nil {
		return settings, err
	}
	outputs, err := cloudformation.New(e.cfg, e.endpoint("CLOUDFORMATION")).Outputs(ctx, e.imagesStack())
	if err != nil {
		return settings, err
	}
	registry := &registry{environment: e, ecr: ecr.New(e.cfg, e.endpoint("ECR"))}
	for _, r := range examples() {
		if given, _ := e.settings.Value(r.parameter); given != "" {
			continue
		}
		image, err := registry.image(ctx, r.folder, outputs[r.output])
		if err != nil {
			return settings, err
		}
		settings = settings.With(r.parameter, image)
	}
	return settings, nil
}

// repositories is what the names of the repositories begin with: ECR's have no capital letters.
func (e *environment) repositories() string { return strings.ToLower(e.root()) }

// registry is where images are pushed to. It signs in when the first one has to be pushed.
type registry struct {
	*environment
	ecr    *ecr.ECR
	signed bool
}

// image returns the image of a reference task by its digest, and pushes it unless it is there. Its tag follows from what
// is in it, so that a tag never has to be moved, and a deployment that changes no task pushes nothing.
func (r *registry) image(ctx context.Context, folder, uri string) (string, error) {
	host, name, ok := strings.Cut(uri, "/")
	if !ok {
		return "", problem{fmt.Errorf("stack %s names no repository for %s", r.imagesStack(), folder)}
	}
	dir := filepath.Join(".aws-sam", "images-"+r.name, r.goarch())
	if err := r.compileTask(ctx, folder, filepath.Join(dir, folder)); err != nil {
		return "", err
	}
	tag, err := r.tag(folder, filepath.Join(r.source, dir, folder))
	if err != nil {
		return "", err
	}
	digest, err := r.ecr.Digest(ctx, ecr.Name{Repository: name, Tag: tag})
	if err != nil || digest != "" {
		return uri + "@" + digest, err
	}
	if err := r.push(ctx, host, uri+":"+tag, folder, dir); err != nil {
		return "", err
	}
	digest, err = r.ecr.Digest(ctx, ecr.Name{Repository: name, Tag: tag})
	if err == nil && digest == "" {
		err = problem{fmt.Errorf("image %s:%s was pushed, and ECR does not have it", uri, tag)}
	}
	return uri + "@" + digest, err
}

// compileTask builds the program of a task. What git says of the source is left out: it would make another image of the same
// program.
func (r *registry) compileTask(ctx context.Context, folder, out string) error {
	err := r.program(ctx, command{
		args: []string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, "./tasks/" + folder},
		env:  []string{"GOOS=linux", "GOARCH=" + r.goarch(), "CGO_ENABLED=0"}, show: r.err,
	})
	return err
}

// tag is the architecture, and a hash of what the image is made from.
func (r *registry) tag(folder, program string) (string, error) {
	h := sha256.New()
	for _, file := range []string{filepath.Join(r.source, "tasks", folder, "Dockerfile"), program} {
		text, err := os.ReadFile(file) //nolint:gosec // of the clone, or built from it
		if err != nil {
			return "", fmt.Errorf("read what image %s is made from: %w", folder, err)
		}
		_, _ = fmt.Fprintf(h, "%d\n%s", len(text), text)
	}
	return r.goarch() + "-" + hex.EncodeToString(h.Sum(nil))[:16], nil
}

// push builds an image and pushes it. The password goes by the standard input, where no list of processes shows it.
func (r *registry) push(ctx context.Context, host, image, folder, dir string) error {
	if !r.signed {
		user, password, err := r.ecr.Login(ctx)
		if err != nil {
			return err
		}
		err = r.program(ctx, command{
			args: []string{"docker", "login", "--username", user, "--password-stdin", host}, in: strings.NewReader(password), show: r.err,
		})
		if err != nil {
			return err
		}
		r.signed = true
	}
	err := r.program(ctx, command{
		args: []string{
			"docker", "build", "--platform", "linux/" + r.goarch(), "--file", filepath.Join("tasks", folder, "Dockerfile"), "--tag", image, dir,
		},
		// One image, not a list of it and of how it was built: Fargate and the digest are about the image.
		env: []string{"BUILDX_NO_DEFAULT_ATTESTATIONS=1"}, show: r.err,
	})
	if err != nil {
		return err
	}
	err = r.program(ctx, command{args: []string{"docker", "push", image}, show: r.err})
	return err
}
