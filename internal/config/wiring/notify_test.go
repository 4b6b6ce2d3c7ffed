package wiring_test

import (
	"strings"
	"testing"
)

func TestWhatMailsNeedIsAllowedAndWatched(t *testing.T) {
	got := string(generate(t, configuration(t, "../compile/testdata/notify.good.yaml")))
	for _, want := range []string{
		"TasksOnClusterName:", "TasksOnShared", "cluster/shared", // of the services that are watched
		"['logs:GetLogEvents']",
		"log-group:/ecs/images:log-stream:task/*", "log-group:orders-${ClusterName}:log-stream:svc/*",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the wiring lacks %s:\n%s", want, got)
		}
	}
}

func TestNoLogIsReadThatNobodyNamed(t *testing.T) {
	if got := string(generate(t, configuration(t, "../compile/testdata/own.good.yaml"))); strings.Contains(got, "logs:GetLogEvents") {
		t.Error("lifecycle-notifier may read logs that slipway.yaml does not name")
	}
}
