package main

import "slipway/bench/internal/measure"

func (b *bench) throughput() ([]measure.Table, error) { return nil, nil }
