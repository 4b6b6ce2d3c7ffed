// Package servicequotas reads what an account may have from Service Quotas.
//
// What comes in: codes of quotas. What goes out: their values.
//
// It must never ask for more, and never be linked by a function.
package servicequotas
