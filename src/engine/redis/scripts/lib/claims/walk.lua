-- A walk over the leases of a queue in the order in which they were given, from any exchange on, some at a time.
-- Needs: batch.lua, lease.lua.

local walk_leases

do -- a block of its own: Lua allows 200 local names in one
  local page_size = 100

  local function epoch_of_span(span) return tonumber(string.match(span, '^%d+')) or 0 end

  -- How many batches have an epoch up to this one. They are indexed by another number, in the same order.
  local function spans_upto(epoch)
    local low, high = 0, redis.call('ZCARD', K.spans)
    if epoch == math.huge then return high end
    while low < high do
      local middle = math.floor((low + high) / 2)
      local span = redis.call('ZRANGE', K.spans, middle, middle)[1]
      if epoch_of_span(span) <= epoch then low = middle + 1 else high = middle end
    end
    return low
  end

  local function read_spans(from, to)
    local entries = redis.call('ZRANGE', K.spans, from, to)
    for i, span in ipairs(entries) do
      entries[i] = { epoch = epoch_of_span(span), session = string.match(span, ' (.*)$') or '' }
    end
    return entries
  end

  local function read_held(from, to)
    local page, entries = redis.call('ZRANGE', K.held_order, from, to, 'WITHSCORES'), {}
    for i = 1, #page, 2 do
      local session, id = string.match(page[i], '^(%Z*)%z(.*)$')
      entries[#entries + 1] = { epoch = tonumber(page[i + 1]), session = session or '', id = id or page[i] }
    end
    return entries
  end

  -- The entries of an index after the first `at`, one after the other; `back`: those before it, the last first. Two
  -- functions: what comes next (nil at the end), and that it was taken.
  local function entries_of(read, at, back, walk)
    local page, i, ended = {}, 0, false
    local function peek()
      if i == #page and not ended then
        local from = back and math.max(0, at - page_size) or at
        local found = back and at == 0 and {} or read(from, back and at - 1 or at + page_size - 1)
        ended = #found < page_size
        at = back and from or at + #found
        page, i = {}, 0
        for n = 1, #found do page[n] = found[back and #found + 1 - n or n] end
        walk.looked = walk.looked + #found
      end
      return page[i + 1]
    end
    return peek, function() i = i + 1 end
  end

  -- Walks over what exchanges after an epoch have leased; `back`: those before it, the latest first. `next` answers one of
  -- them after the other: its epoch, its session and `ids`, the jobs with records of their own; nil at the end. `ids_of`
  -- answers all its jobs, sorted. `looked`: how many entries the walk has read; nothing may be flushed meanwhile.
  function walk_leases(epoch, back)
    local upto, walk = back and epoch - 1 or epoch, { looked = 0 }
    local peek_held, pass_held = entries_of(read_held, upto < 1 and 0 or redis.call('ZCOUNT', K.held_order, '-inf', upto), back, walk)
    local peek_span, pass_span = entries_of(read_spans, upto < 1 and 0 or spans_upto(upto), back, walk)

    function walk.next()
      local held, span = peek_held(), peek_span()
      if not held and not span then return nil end
      local first = held
      if not held or span and held.epoch ~= span.epoch and (span.epoch < held.epoch) ~= (back or false) then first = span end
      local given = { epoch = first.epoch, session = first.session, ids = {} }
      while held and held.epoch == given.epoch do
        given.ids[#given.ids + 1] = held.id
        pass_held()
        held = peek_held()
      end
      if span and span.epoch == given.epoch then pass_span() end
      return given
    end

    function walk.ids_of(given)
      local ids, batch = given.ids, batch_of(given.epoch)
      for id in pairs(batch and members(batch) or {}) do ids[#ids + 1] = id end
      walk.looked = walk.looked + #ids
      table.sort(ids)
      return ids
    end
    return walk
  end
end
