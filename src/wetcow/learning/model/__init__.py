"""The learner's model: from patches to codes, and class modes in closed form [26-28]."""
