package inbox

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
)

func TestRead(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query().Get("account"); got != "000000000000" {
			t.Errorf("got account %q", got)
		}
		_, _ = io.WriteString(w, `{"messages":{"000000000000":[{"MessageId":"1","Source":"a@example.com",
			"To":["b@example.com"],"Subject":"failed","BodyText":"why","BodyHtml":null,"Type":"SendEmail"}]}}`)
	}))
	t.Cleanup(server.Close)
	got, err := Read(context.Background(), server.URL, "000000000000")
	if err != nil {
		t.Fatal(err)
	}
	want := []Mail{{ID: "1", From: "a@example.com", To: []string{"b@example.com"}, Subject: "failed", Text: "why"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
