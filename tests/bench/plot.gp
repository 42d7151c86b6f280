# How many times as fast as its peer each job is: bench.dat into bench.svg.
set terminal svg size 900, 60 + 22 * system("wc -l <".out."/bench.dat") font "sans,11"
set output out."/bench.svg"
set datafile separator "\t"
set style fill solid 0.6
set logscale x 2
set xrange [0.25:*]
set grid xtics
set xlabel "times as fast as the peer"
set yrange [:] reverse
set arrow from 1, graph 0 to 1, graph 1 nohead linewidth 2
unset key
plot out."/bench.dat" using (1.0):0:(1.0):2:($0 - 0.35):($0 + 0.35):yticlabels(1) with boxxyerror
