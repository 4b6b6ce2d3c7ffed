package autoscaling_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/cloud/autoscaling"
	"slipway/internal/cloud/awsconf"
)

// opened returns an adapter of a server that answers with the given function.
func opened(t *testing.T, answer http.HandlerFunc) *autoscaling.AutoScaling {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	cfg, err := awsconf.New(func(name string) string { return "eu-north-1" })
	if err != nil {
		t.Fatal(err)
	}
	return autoscaling.New(cfg, &server.URL, time.Now)
}

func TestManaged(t *testing.T) {
	var asked []string
	a := opened(t, func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			ResourceIDs []string `json:"ResourceIds"`
			NextToken   string
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !strings.Contains(r.Header.Get("Authorization"), "application-autoscaling") {
			t.Errorf("request: %v, %s", err, r.Header.Get("Authorization"))
		}
		if in.NextToken == "" {
			asked = append(asked, in.ResourceIDs...)
			_, _ = fmt.Fprintf(w, `{"ScalableTargets":[{"ResourceId":%q}],"NextToken":"more"}`, in.ResourceIDs[0])
			return
		}
		_, _ = fmt.Fprint(w, `{"ScalableTargets":[]}`)
	})
	var services []string
	for i := range 60 {
		services = append(services, fmt.Sprintf("service/c/s%d", i))
	}
	got, err := a.Managed(t.Context(), services)
	if err != nil || !slices.Equal(got, []string{"service/c/s0", "service/c/s50"}) || len(asked) != 60 {
		t.Errorf("managed = %v, %v; asked for %d", got, err, len(asked))
	}
}

func TestARefusalIsNoAnswer(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"no right": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, `{"__type":"AccessDeniedException","Message":"not authorized"}`)
		},
		"no JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `<html>`) },
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := opened(t, answer).Managed(t.Context(), []string{"service/c/s"}); err == nil {
				t.Errorf("managed = %v, want an error", got)
			}
		})
	}
}
