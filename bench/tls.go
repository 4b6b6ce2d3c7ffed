package main

import "slipway/bench/internal/measure"

func (b *bench) tls() ([]measure.Table, error) { return nil, nil }
