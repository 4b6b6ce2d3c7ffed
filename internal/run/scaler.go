package run

// ScalerState is what a scaler remembers between two minutes. Memory is JSON that only package scaling reads. Revision
// is the ledger's; zero: never stored.
type ScalerState struct {
	Name     string
	Memory   []byte
	Revision int64
}
