// The code of the task in `child-tasks.mjs`.
export const away = ({ input }) => ({ input, pid: process.pid });
