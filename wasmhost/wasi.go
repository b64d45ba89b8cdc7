package wasmhost

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
)

const wasiModule = "wasi_snapshot_preview1"

// The errors of WASI that guests get.
const (
	wasiOK      = 0
	wasiBadF    = 8
	wasiInval   = 28
	wasiNoSys   = 52
	wasiSPipe   = 70
	wasiNotCap  = 76
	wasiMaxIOV  = 64
	wasiMaxWait = time.Hour
)

// wasiFuncs is the WASI that language runtimes need to start: no arguments, no environment, no files but an empty input and
// the extension's log as output, the guest's own clock and random. All else is refused with an error.
func wasiFuncs() []hostFunc {
	no := func(errno uint64) func(*call, []uint64) { return func(_ *call, s []uint64) { s[0] = errno } }
	list := []hostFunc{
		{wasiModule, "args_get", "ii", "i", no(wasiOK)},
		{wasiModule, "args_sizes_get", "ii", "i", wasiSizes},
		{wasiModule, "environ_get", "ii", "i", no(wasiOK)},
		{wasiModule, "environ_sizes_get", "ii", "i", wasiSizes},
		{wasiModule, "clock_res_get", "ii", "i", wasiClockRes},
		{wasiModule, "clock_time_get", "ili", "i", wasiClockTime},
		{wasiModule, "fd_close", "i", "i", no(wasiOK)},
		{wasiModule, "fd_fdstat_get", "ii", "i", wasiFdstat},
		{wasiModule, "fd_read", "iiii", "i", wasiRead},
		{wasiModule, "fd_seek", "ilii", "i", no(wasiSPipe)},
		{wasiModule, "fd_write", "iiii", "i", wasiWrite},
		{wasiModule, "poll_oneoff", "iiii", "i", wasiPoll},
		{wasiModule, "proc_exit", "i", "", wasiExit},
		{wasiModule, "random_get", "ii", "i", wasiRandom},
		{wasiModule, "sched_yield", "", "i", no(wasiOK)},
	}
	for _, f := range []struct {
		name, params string
		errno        uint64
	}{
		{"fd_advise", "illi", wasiBadF}, {"fd_allocate", "ill", wasiBadF}, {"fd_datasync", "i", wasiBadF}, {"fd_fdstat_set_flags", "ii", wasiOK},
		{"fd_fdstat_set_rights", "ill", wasiBadF}, {"fd_filestat_get", "ii", wasiBadF}, {"fd_filestat_set_size", "il", wasiBadF},
		{"fd_filestat_set_times", "illi", wasiBadF}, {"fd_pread", "iiili", wasiBadF}, {"fd_prestat_get", "ii", wasiBadF},
		{"fd_prestat_dir_name", "iii", wasiBadF}, {"fd_pwrite", "iiili", wasiBadF}, {"fd_readdir", "iiili", wasiBadF}, {"fd_renumber", "ii", wasiBadF},
		{"fd_sync", "i", wasiBadF}, {"fd_tell", "ii", wasiBadF}, {"path_create_directory", "iii", wasiNotCap}, {"path_filestat_get", "iiiii", wasiNotCap},
		{"path_filestat_set_times", "iiiilli", wasiNotCap}, {"path_link", "iiiiiii", wasiNotCap}, {"path_open", "iiiiillii", wasiNotCap},
		{"path_readlink", "iiiiii", wasiNotCap}, {"path_remove_directory", "iii", wasiNotCap}, {"path_rename", "iiiiii", wasiNotCap},
		{"path_symlink", "iiiii", wasiNotCap}, {"path_unlink_file", "iii", wasiNotCap}, {"proc_raise", "i", wasiNoSys},
		{"sock_accept", "iii", wasiBadF}, {"sock_recv", "iiiiii", wasiBadF}, {"sock_send", "iiiii", wasiBadF}, {"sock_shutdown", "ii", wasiBadF},
	} {
		list = append(list, hostFunc{wasiModule, f.name, f.params, "i", no(f.errno)})
	}
	return list
}

func (c *call) put32(at uint32, v uint32) { binary.LittleEndian.PutUint32(c.bytes(at, 4), v) }
func (c *call) put64(at uint32, v uint64) { binary.LittleEndian.PutUint64(c.bytes(at, 8), v) }

func wasiSizes(c *call, s []uint64) {
	c.put32(uint32(s[0]), 0)
	c.put32(uint32(s[1]), 0)
	s[0] = wasiOK
}

func wasiClockRes(c *call, s []uint64) {
	c.put64(uint32(s[1]), 1_000_000)
	s[0] = wasiOK
}

func wasiClockTime(c *call, s []uint64) {
	c.put64(uint32(s[2]), uint64(c.now().UnixNano()))
	s[0] = wasiOK
}

func wasiFdstat(c *call, s []uint64) {
	if uint32(s[0]) > 2 {
		s[0] = wasiBadF
		return
	}
	b := c.bytes(uint32(s[1]), 24)
	clear(b)
	b[0] = 2 // a character device
	s[0] = wasiOK
}

func wasiRead(c *call, s []uint64) {
	if uint32(s[0]) != 0 {
		s[0] = wasiBadF
		return
	}
	c.put32(uint32(s[3]), 0)
	s[0] = wasiOK
}

func wasiWrite(c *call, s []uint64) {
	fd, iovs, n, out := uint32(s[0]), uint32(s[1]), uint32(s[2]), uint32(s[3])
	switch {
	case fd != 1 && fd != 2:
		s[0] = wasiBadF
		return
	case n > wasiMaxIOV:
		s[0] = wasiInval
		return
	}
	total := uint32(0)
	list := c.bytes(iovs, n*8)
	for i := range n {
		ptr, size := binary.LittleEndian.Uint32(list[i*8:]), binary.LittleEndian.Uint32(list[i*8+4:])
		c.print(c.bytes(ptr, size))
		total += size
	}
	c.put32(out, total)
	s[0] = wasiOK
}

func wasiExit(c *call, s []uint64) {
	c.endLine()
	why := c.words.reason()
	if why != "" {
		why = ": " + why
	}
	panic(fault.New(fault.ExtensionFailed, "the extension exited with %d%s", uint32(s[0]), why))
}

func wasiRandom(c *call, s []uint64) {
	b := c.bytes(uint32(s[0]), uint32(s[1]))
	c.work(int64(len(b)))
	c.fillRandom(b)
	s[0] = wasiOK
}

// wasiPoll waits for the soonest of its clocks, by the guest's own clock; other subscriptions are ready at once.
func wasiPoll(c *call, s []uint64) {
	in, out, n, count := uint32(s[0]), uint32(s[1]), uint32(s[2]), uint32(s[3])
	if n == 0 || n > wasiMaxIOV {
		s[0] = wasiInval
		return
	}
	subs, events := c.bytes(in, n*48), c.bytes(out, n*32)
	var waits [wasiMaxIOV]time.Duration
	soonest := wasiMaxWait
	for i := range n {
		waits[i] = c.wasiWait(subs[i*48 : i*48+48])
		soonest = min(soonest, waits[i])
	}
	if soonest > 0 {
		c.virtual += soonest
		c.park(func(ctx context.Context) { sleep(ctx, c.ext.waits(soonest)) })
		c.alive()
	}
	ready := uint32(0)
	for i := range n {
		if waits[i] > soonest {
			continue
		}
		sub, e := subs[i*48:i*48+48], events[ready*32:ready*32+32]
		clear(e)
		copy(e, sub[:8])
		e[10] = sub[8]
		ready++
	}
	c.put32(count, ready)
	s[0] = wasiOK
}

// wasiWait is how long a subscription waits; 0 for those that are no clocks.
func (c *call) wasiWait(sub []byte) time.Duration {
	if sub[8] != 0 {
		return 0
	}
	timeout := binary.LittleEndian.Uint64(sub[24:])
	if sub[40]&1 != 0 { // a point in time
		return min(max(time.Duration(timeout-uint64(c.now().UnixNano())), 0), wasiMaxWait)
	}
	return time.Duration(min(timeout, uint64(wasiMaxWait)))
}
