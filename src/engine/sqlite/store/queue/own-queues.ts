/** The queues of applications: those of the platform stand apart, unless a query names one. */
import { PLATFORM_PREFIX } from "../../../../model/value/name.js";

/** The condition on `name`, of the table `queues`. */
export const IS_OWN = `substr(name, 1, ${PLATFORM_PREFIX.length}) <> '${PLATFORM_PREFIX}'`;
