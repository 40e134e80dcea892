"""Steps in time, adaptive or fixed, with delays or without: from one sample to the next."""
