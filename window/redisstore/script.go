package redisstore

import "github.com/redis/go-redis/v9"

// layout is the version of what is stored. It stands in field v, so that a program never
// writes into what it would misread.
const layout = "3"

// layoutBefore is one that is read too: in it closed hours are packed records, which this program reads as well. A claim
// makes it this program's, so that an older one refuses the partition from then on.
const layoutBefore = "2"

// Every script is called with the keys m and out first (claimScript with m alone) and
// answers a word and the applied offset. It changes nothing and answers NOT_OWNER to an owner
// that does not match.

// claimScript makes ARGV[1] the owner if the partition is stored in the layout ARGV[2] or ARGV[3], or is
// empty. Its word is the layout that it found.
var claimScript = redis.NewScript(`
local m = KEYS[1]
local was = redis.call('HMGET', m, 'v', 'o')
if was[1] and was[1] ~= ARGV[2] and was[1] ~= ARGV[3] then return {was[1], '-1'} end
redis.call('HSET', m, 'own', ARGV[1], 'v', ARGV[2])
return {ARGV[2], was[2] or '-1'}
`)

// While a slot of a cluster moves, its keys are at two servers. A command of several keys is
// refused there with TRYAGAIN until all of them are at one, and a command inside a script on a
// key that is not there ends the script. So that this never happens behind the first write,
//
//   - keys that are made inside a script are looked at before it (here),
//   - a key that may have gone is not touched again (the outbox that was emptied),
//
// and the server has looked at those that the script is called with.

// chunksOf is shared by the scripts that delete patients. It appends to list the keys of all
// chunks that a patient's head names; the form of a head is in value.go. The keys are made
// inside the script, which works in a cluster because they lie in the slot of the others. here
// ends the script unless all keys of a list are, or can be, at this server, where m is.
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
local function here(m, list)
  each(list, 1, #list, function(...) redis.call('EXISTS', m, ...) end)
end
`

// dropBefore is shared by the scripts that drop outputs. A member of the outbox is a whole
// batch, so the members that end before bound go at once, and the position before, as
// digits, is remembered for the outputs inside the first that stays. n is how many members
// the outbox has.
const dropBefore = `
local function dropBefore(m, out, n, bound, before)
  if n > 0 then redis.call('ZREMRANGEBYLEX', out, '-', bound) end
  local was = redis.call('HGET', m, 'd')
  if not was or was < before then redis.call('HSET', m, 'd', before) end
end
`

// applyScript applies a batch. Its keys are m and out, then one for each chunk write and one
// for each deleted chunk. Its arguments are:
//
//	1 to 3   the owner, prev and last
//	4        the outbox bound: members from there on are of a batch that was never applied
//	5        the prefix of chunk keys
//	6 to 8   the numbers of chunk writes, of hash arguments and of deleted patients
//	9        the outbox member; empty if the batch has no outputs
//	10, 11   before what outputs are dropped, as bound and digits; empty if none are
//	12 on    for each chunk write its position (empty: the whole value) and its bytes,
//	         then hash fields and values with the applied offset last, then deleted patients
var applyScript = redis.NewScript(chunksOf + dropBefore + `
local call = redis.call
local m, out = KEYS[1], KEYS[2]
local is = call('HMGET', m, 'own', 'o')
local applied = is[2] or '-1'
if is[1] ~= ARGV[1] then return {'NOT_OWNER', applied} end
if tonumber(applied) >= tonumber(ARGV[3]) then return {'ALREADY', applied} end
if applied ~= ARGV[2] then return {'GAP', applied} end
local writes, fields, patients = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local at = 12 + 2 * writes
local gone = {}
for i = at + fields, at + fields + patients - 1 do
  chunksOf(gone, ARGV[5], ARGV[i], call('HGET', m, 'p' .. ARGV[i]))
end
here(m, gone)
at = 12
for i = 3, writes + 2 do
  local pos = ARGV[at]
  if pos == '' then
    call('SET', KEYS[i], ARGV[at + 1])
  else
    call('SETRANGE', KEYS[i], pos, ARGV[at + 1])
  end
  at = at + 2
end
local n, never = call('ZCARD', out), call('ZRANGEBYLEX', out, ARGV[4], '+')
if ARGV[9] ~= '' then n = n + call('ZADD', out, '0', ARGV[9]) end
for _, member in ipairs(never) do
  if member ~= ARGV[9] then n = n - call('ZREM', out, member) end
end
if ARGV[11] ~= '' then dropBefore(m, out, n, ARGV[10], ARGV[11]) end
each(ARGV, at, at + fields - 1, function(...) call('HSET', m, ...) end)
at = at + fields
each(KEYS, writes + 3, #KEYS, function(...) call('DEL', ...) end)
each(gone, 1, #gone, function(...) call('DEL', ...) end)
for i = at, at + patients - 1 do call('HDEL', m, 'p' .. ARGV[i]) end
return {'OK', ARGV[3]}
`)

// publishedScript drops outputs. Its arguments are the owner, and before what outputs are
// dropped, as bound and digits.
var publishedScript = redis.NewScript(dropBefore + `
local is = redis.call('HMGET', KEYS[1], 'own', 'o')
if is[1] ~= ARGV[1] then return {'NOT_OWNER', is[2] or '-1'} end
dropBefore(KEYS[1], KEYS[2], 1, ARGV[2], ARGV[3])
return {'OK', is[2] or '-1'}
`)

// resetScript empties a partition. Its arguments are the owner, the prefix of chunk keys and
// the layout. The applied offset goes first and the chunks last, so that a reset that was cut
// leaves what is empty or known to be torn. The owner and the log's name stay throughout.
var resetScript = redis.NewScript(chunksOf + `
local m = KEYS[1]
if redis.call('HGET', m, 'own') ~= ARGV[1] then return {'NOT_OWNER', '-1'} end
local all, fields, gone = redis.call('HGETALL', m), {}, {}
for i = 1, #all, 2 do
  if all[i] ~= 'own' and all[i] ~= 'v' and all[i] ~= 'log' then fields[#fields + 1] = all[i] end
  if string.sub(all[i], 1, 1) == 'p' then chunksOf(gone, ARGV[2], string.sub(all[i], 2), all[i + 1]) end
end
here(m, gone)
redis.call('HSET', m, 'v', ARGV[3])
redis.call('HDEL', m, 'o')
each(fields, 1, #fields, function(...) redis.call('HDEL', m, ...) end)
redis.call('DEL', KEYS[2])
each(gone, 1, #gone, function(...) redis.call('DEL', ...) end)
return {'OK', '-1'}
`)

// followsScript names the log that the partition follows, ARGV[1], where none is named yet. Its
// word is the name that stands then. It is for anybody, before a claim.
var followsScript = redis.NewScript(`
local was = redis.call('HGET', KEYS[1], 'log')
if was then return {was, '-1'} end
redis.call('HSET', KEYS[1], 'log', ARGV[1])
return {ARGV[1], '-1'}
`)
