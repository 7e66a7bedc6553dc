/** How many descriptors this process has open. */
export function countDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** Resolves once no more than `count` are open: what is closed may go a turn of the event loop later. */
export async function descriptorsDownTo(count: number): Promise<void> {
  while (countDescriptors() > count) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
