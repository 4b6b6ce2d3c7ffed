package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// DynamoDB stands in front of a real endpoint of DynamoDB, and makes calls fail on request. It may be used by several
// goroutines at once.
type DynamoDB struct {
	// Endpoint is the URL of the real one.
	Endpoint string
	// Fault is what goes wrong with the n-th call of an operation, from 1; nil: nothing.
	Fault func(operation string, n int) *DynamoDBFault

	mu    sync.Mutex // protects following field
	calls map[string]int
}

// DynamoDBFault is what goes wrong with a call of DynamoDB.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
type DynamoDBFault struct {
	// Code is the exception that refuses the call. Empty: no answer comes, and the connection is cut.
	Code   string
	Status int // zero: 400
	// Reasons are the codes of a TransactionCanceledException by position; those that are missing are None.
	Reasons []string
	// Afterwards lets the call have its effect, and replaces its answer.
	Afterwards bool
}

// Calls is how often an operation was called.
func (d *DynamoDB) Calls(operation string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[operation]
}

func (d *DynamoDB) count(operation string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calls == nil {
		d.calls = map[string]int{}
	}
	d.calls[operation]++
	return d.calls[operation]
}

// ServeHTTP answers one call, or forwards it.
func (d *DynamoDB) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	n := d.count(operation)
	var fault *DynamoDBFault
	if d.Fault != nil {
		fault = d.Fault(operation, n)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDynamoDB))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if fault != nil && !fault.Afterwards {
		fault.answer(w, body)
		return
	}
	answer, err := d.forward(r, body)
	if err != nil {
		panic(http.ErrAbortHandler) // nobody knows what it did
	}
	defer func() { _ = answer.Body.Close() }()
	if fault != nil {
		fault.answer(w, body)
		return
	}
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body) // a client that has gone gets no answer
}

// maxDynamoDB bounds a request: a transaction has 4 MiB at most.
const maxDynamoDB = 8 << 20

func (d *DynamoDB) forward(r *http.Request, body []byte) (*http.Response, error) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, d.Endpoint+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header = r.Header.Clone()
	out.Header.Set("Accept-Encoding", "identity") // so that the checksum is that of what is sent on
	return http.DefaultClient.Do(out)
}

func (f *DynamoDBFault) answer(w http.ResponseWriter, body []byte) {
	if f.Code == "" {
		panic(http.ErrAbortHandler)
	}
	out := map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#" + f.Code, "message": "on request"}
	if f.Reasons != nil {
		reasons := f.reasons(body)
		out["CancellationReasons"] = reasons
		out["Message"] = fmt.Sprintf("Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(f.Reasons, ", "))
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(max(f.Status, http.StatusBadRequest))
	_ = json.NewEncoder(w).Encode(out) // a client that has gone gets no answer
}

// reasons is one for each item of the transaction.
func (f *DynamoDBFault) reasons(body []byte) []map[string]string {
	var in struct{ TransactItems []json.RawMessage }
	_ = json.Unmarshal(body, &in) // of anything else there are the reasons alone
	var out []map[string]string
	for i := range max(len(in.TransactItems), len(f.Reasons)) {
		reason := map[string]string{"Code": "None"}
		if i < len(f.Reasons) && f.Reasons[i] != "None" {
			reason = map[string]string{"Code": f.Reasons[i], "Message": "on request"}
		}
		out = append(out, reason)
	}
	return out
}
