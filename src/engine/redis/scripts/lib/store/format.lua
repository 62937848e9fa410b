-- The version of the stored format: `format` among the queue's numbers. A queue that a newer Longshore has written to is
-- refused before anything of it is read, so an older one never writes what it does not understand.
local function refuse_newer(format)
  if (tonumber(format or 0) or 0) > FORMAT then error(NEWER_FORMAT .. ' ' .. format, 0) end
end
