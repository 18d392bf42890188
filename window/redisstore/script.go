package redisstore

import "github.com/redis/go-redis/v9"

// layout is the version of what is stored, in field v.
const layout = "2"

// Scripts are called with keys m and out first. An owner that does not match
// answers NOT_OWNER, with the applied offset.

// claimScript: ARGV owner, layout. Returns the layout found and the applied offset.
var claimScript = redis.NewScript(`
local m = KEYS[1]
local was = redis.call('HMGET', m, 'v', 'o')
if was[1] and was[1] ~= ARGV[2] then return {was[1], '-1'} end
redis.call('HSET', m, 'own', ARGV[1], 'v', ARGV[2])
return {ARGV[2], was[2] or '-1'}
`)

// chunksOf is shared by the scripts that delete patients: it appends to list
// the keys of all chunks that a patient's head names (value.go has its form).
const chunksOf = `
local function chunksOf(list, prefix, patient, v)
  if not v or #v < 11 then return end
  local hi, lo = string.byte(v, 10, 11)
  local p = 12
  for i = 1, hi * 256 + lo do
    local a, b, c, d = string.byte(v, p, p + 3)
    local hour = ((a * 256 + b) * 256 + c) * 256 + d - 2147483648
    list[#list + 1] = prefix .. patient .. ':' .. string.format('%d', hour)
    p = p + 8
  end
end
-- each calls f with slices of list: unpack has a limit, miniredis a small one.
local function each(list, from, to, f)
  while from <= to do
    local till = from + 1499
    if till > to then till = to end
    f(unpack(list, from, till))
    from = till + 1
  end
end
`

// dropBefore is shared by the scripts that drop outputs: bound is of the outbox's
// members, which are batches, and before, as digits, of the outputs in them.
const dropBefore = `
local function dropBefore(m, out, bound, before)
  redis.call('ZREMRANGEBYLEX', out, '-', bound)
  local was = redis.call('HGET', m, 'd')
  if not was or was < before then redis.call('HSET', m, 'd', before) end
end
`

// applyScript: KEYS m, out, a key per chunk write, a key per deleted chunk.
// ARGV owner, prev, last, outbox bound, chunk prefix, the numbers of chunk
// writes, hash arguments and deleted patients, the outbox member (empty: none), and
// before what outputs are dropped (bound and digits, or empty); then of each
// chunk write its position (empty: the whole value) and bytes; of the hash field
// and value, the applied offset last; the deleted patients.
var applyScript = redis.NewScript(chunksOf + dropBefore + `
local call = redis.call
local m, out = KEYS[1], KEYS[2]
local is = call('HMGET', m, 'own', 'o')
local applied = is[2] or '-1'
if is[1] ~= ARGV[1] then return {'NOT_OWNER', applied} end
if tonumber(applied) >= tonumber(ARGV[3]) then return {'ALREADY', applied} end
if applied ~= ARGV[2] then return {'GAP', applied} end
local writes, fields, patients = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local at = 12
for i = 3, writes + 2 do
  local pos = ARGV[at]
  if pos == '' then
    call('SET', KEYS[i], ARGV[at + 1])
  else
    call('SETRANGE', KEYS[i], pos, ARGV[at + 1])
  end
  at = at + 2
end
call('ZREMRANGEBYLEX', out, ARGV[4], '+')
if ARGV[11] ~= '' then dropBefore(m, out, ARGV[10], ARGV[11]) end
if ARGV[9] ~= '' then call('ZADD', out, '0', ARGV[9]) end
local gone = {}
for i = at + fields, at + fields + patients - 1 do
  chunksOf(gone, ARGV[5], ARGV[i], call('HGET', m, 'p' .. ARGV[i]))
end
each(ARGV, at, at + fields - 1, function(...) call('HSET', m, ...) end)
at = at + fields
each(KEYS, writes + 3, #KEYS, function(...) call('DEL', ...) end)
each(gone, 1, #gone, function(...) call('DEL', ...) end)
for i = at, at + patients - 1 do call('HDEL', m, 'p' .. ARGV[i]) end
return {'OK', ARGV[3]}
`)

// publishedScript: ARGV owner, and before what outputs are dropped (bound, digits).
var publishedScript = redis.NewScript(dropBefore + `
local is = redis.call('HMGET', KEYS[1], 'own', 'o')
if is[1] ~= ARGV[1] then return {'NOT_OWNER', is[2] or '-1'} end
dropBefore(KEYS[1], KEYS[2], ARGV[2], ARGV[3])
return {'OK', is[2] or '-1'}
`)

// resetScript: ARGV owner, chunk prefix, layout.
var resetScript = redis.NewScript(chunksOf + `
local m = KEYS[1]
if redis.call('HGET', m, 'own') ~= ARGV[1] then return {'NOT_OWNER', '-1'} end
local all, gone = redis.call('HGETALL', m), {}
for i = 1, #all, 2 do
  if string.sub(all[i], 1, 1) == 'p' then chunksOf(gone, ARGV[2], string.sub(all[i], 2), all[i + 1]) end
end
redis.call('DEL', m, KEYS[2])
redis.call('HSET', m, 'own', ARGV[1], 'v', ARGV[3])
each(gone, 1, #gone, function(...) redis.call('DEL', ...) end)
return {'OK', '-1'}
`)
