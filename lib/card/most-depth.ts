/** Objects and arrays within each other, JSON in text among them: what is deeper is not looked into, and so refused. As deep as json() goes. */
export const mostDepth = 1000;
