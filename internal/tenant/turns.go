package tenant

// Turns divides work between tenants by weight: whoever has had the least for their weight is next. A tenant who comes back
// after a rest has no claim on the turns they missed. The zero Turns is ready for use; it is not safe for concurrent use.
type Turns struct {
	had map[ID]float64
	now float64 // where the last turn started
}

// Next picks among tenants who have work, and charges the turn. ok is false when there are none. Of equals the first by
// name is picked.
func (t *Turns) Next(waiting []Share) (id ID, ok bool) {
	if len(waiting) == 0 {
		return "", false
	}
	if t.had == nil {
		t.had = map[ID]float64{}
	}
	best, start := Share{}, 0.0
	for i, s := range waiting {
		at := max(t.had[s.Tenant], t.now)
		if i == 0 || at < start || at == start && s.Tenant < best.Tenant {
			best, start = s, at
		}
	}
	t.now = start
	t.had[best.Tenant] = start + 1/max(best.Weight, 1)
	t.forget()
	return best.Tenant, true
}

// manyTenants is from how many tenants on those that have no lead any more are forgotten.
const manyTenants = 1024

func (t *Turns) forget() {
	if len(t.had) < manyTenants {
		return
	}
	for id, at := range t.had {
		if at <= t.now {
			delete(t.had, id)
		}
	}
}
